/* `smshall serve`: runs the hall; owns start, reload (SIGHUP) and stop (SIGINT, SIGTERM). */
#ifndef SERVE_H
#define SERVE_H

int serve_main(int argc, char **argv);

#endif
