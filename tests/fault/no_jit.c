/* Runs a program that gets no memory which it can write and run, as MemoryDenyWriteExecute= of conf/smshall.service has it. Exit code 77
 * when this kernel cannot do that by itself (before 6.3). Usage: no_jit PROGRAM ARGUMENT… */
#include <stdio.h>
#include <sys/prctl.h>
#include <unistd.h>

#ifndef PR_SET_MDWE
#define PR_SET_MDWE              65
#define PR_MDWE_REFUSE_EXEC_GAIN 1
#endif

int main(int argc, char **argv)
{
    if (argc < 2)
        return 2;
    if (prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0) != 0)
        return 77;
    execv(argv[1], argv + 1);
    perror(argv[1]);
    return 1;
}
