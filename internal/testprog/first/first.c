/* The smallest program that says when it stood: for measuring how fast supervisors start one.
 *
 *   first FILE            appends "nanoseconds pid\n" (CLOCK_MONOTONIC) and waits for a signal that ends it
 *   first FILE exit N     the same, then exits with N
 *   #!/path/first FILE    the same as the first, as an interpreter: the script's name and arguments are left alone
 *
 * One write, so that lines of many instances don't mix; FILE may be a fifo. Static, so that no loader runs before main.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv) {
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	int leave = argc == 4 && strcmp(argv[2], "exit") == 0;
	if (argc < 2) {
		fprintf(stderr, "usage: first FILE [exit N]\n");
		return 99;
	}
	char line[64];
	int n = snprintf(line, sizeof line, "%lld %ld\n", now.tv_sec * 1000000000LL + now.tv_nsec, (long)getpid());
	int fd = open(argv[1], O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
	if (fd < 0 || write(fd, line, n) != n) {
		perror(argv[1]);
		return 99;
	}
	if (leave)
		return atoi(argv[3]);
	close(fd);
	for (;;)
		pause();
}
