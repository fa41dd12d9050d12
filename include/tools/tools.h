/* The subcommands besides serve. Each takes argc and argv with its own name first, prints --help, and gives the exit code:
 * 0 done, 1 something was found or failed, 2 called wrongly. */
#ifndef TOOLS_TOOLS_H
#define TOOLS_TOOLS_H

int check_main(int argc, char **argv);
int parse_main(int argc, char **argv);
int migrate_main(int argc, char **argv);
int load_main(int argc, char **argv);
int replay_main(int argc, char **argv);
int export_main(int argc, char **argv);
int smsc_main(int argc, char **argv);
int phone_main(int argc, char **argv);
int dead_main(int argc, char **argv);
int provider_main(int argc, char **argv);
int evidence_main(int argc, char **argv);
int kannel_main(int argc, char **argv);

#endif
