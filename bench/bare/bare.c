/* The floor under every supervisor: fork, exec, waitpid, again. It captures nothing, watches nothing and knows nothing.
 *
 *   bare N COMMAND ARG…   keeps N copies running; SIGTERM ends them and it
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile sig_atomic_t stopping;
static void stop(int sig) { (void)sig; stopping = 1; }

static pid_t start(char **command) {
	pid_t pid = vfork();
	if (pid == 0) {
		execv(command[0], command);
		_exit(127);
	}
	if (pid < 0) {
		perror("vfork");
		exit(1);
	}
	return pid;
}

int main(int argc, char **argv) {
	int n = argc > 2 ? atoi(argv[1]) : 0;
	if (n < 1) {
		fprintf(stderr, "usage: bare N COMMAND ARG...\n");
		return 2;
	}
	struct sigaction sa = {.sa_handler = stop}; /* no SA_RESTART: waitpid is to be interrupted */
	sigaction(SIGTERM, &sa, NULL);
	pid_t *pids = calloc(n, sizeof *pids);
	if (!pids)
		return 1;
	for (int i = 0; i < n; i++)
		pids[i] = start(argv + 2);
	while (!stopping) {
		pid_t pid = waitpid(-1, NULL, 0);
		for (int i = 0; pid > 0 && !stopping && i < n; i++)
			if (pids[i] == pid) {
				pids[i] = start(argv + 2);
				break;
			}
	}
	for (int i = 0; i < n; i++)
		kill(pids[i], SIGTERM);
	while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
		;
	return 0;
}
