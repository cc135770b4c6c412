package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/daruma-sh/daruma/internal/exitcode"
	"github.com/daruma-sh/daruma/internal/hosting"
)

// topics are what daruma help explains beside the verbs. Cobra takes a command that can't be run for a topic.
func topics() []*cobra.Command {
	return []*cobra.Command{
		{Use: "definition", Short: "The file that says what to run: every field, in an example", Long: definitionTopic},
		{Use: "exit-codes", Short: "What daruma's verbs and an installed service end with", Long: exitCodesTopic()},
		{Use: "environment", Short: "The variables that daruma reads, and those that it sets for programs", Long: environmentTopic()},
	}
}

// exitCodesTopic says what docs/exit-codes.md says.
func exitCodesTopic() string {
	var b strings.Builder
	fmt.Fprintf(&b, `Exit codes of the verbs:

  %d  done
  %d  failed
  %d  wrong usage, or a wrong definition
  %d  not running

daruma run ends with 0, 1 or 2. Each verb's help says what its codes mean.

Exit codes of an installed service, which Windows shows as SERVICE_EXIT_CODE in sc query NAME, systemd as the status of the main
process, and daruma status NAME in words. systemd starts the service again except where it says so; the Service Control Manager
tries again after every failure.

`, ExitDone, ExitFailed, ExitUsage, ExitNotRunning)
	for _, e := range exitcode.All() {
		fmt.Fprintf(&b, "%5d  %s", e.Code, e.Text)
		if !e.Restart && e.Code != exitcode.Done {
			b.WriteString(" (not started again)")
		}
		b.WriteString("\n")
		if e.Remedy != "" {
			fmt.Fprintf(&b, "       → %s\n", e.Remedy)
		}
	}
	return b.String()
}

// variable is one line of daruma help environment.
type variable struct{ name, meaning string }

// readVariables are those that daruma reads.
func readVariables() []variable {
	return []variable{
		{"DARUMA_HOME", "the folder of all files of all services, instead of the system's folders or the user's"},
		{hosting.HangVariable, "after how many seconds without a sign of life the supervisor is replaced: 0.1 to 3600; 20 where it isn't set"},
		{"NO_COLOR", "set to anything: no colours (https://no-color.org)"},
		{"TERM", "dumb: no colours in tables"},
		{"DISPLAY, WAYLAND_DISPLAY", "neither set: daruma ui opens no browser (Linux)"},
		{"XDG_STATE_HOME", "Linux: where the folder of an ordinary user's services is; ~/.local/state where it isn't set"},
		{"ProgramData", "Windows: where the folder of all services is"},
		{"LocalAppData", "Windows: where that folder is for users without the rights of administrators"},
		{"SUDO_USER, USER, LOGNAME, USERNAME", "who gives an order, for events and incidents; the first that is set"},
	}
}

// programVariables are those that a program finds in its environment.
func programVariables() []variable {
	return []variable{
		{"DARUMA_SERVICE", "the service's name"},
		{"DARUMA_PROGRAM", "the program's name"},
		{"DARUMA_GENERATION", "the number of this run of the program, from 1"},
		{"DARUMA_RUN", "marks the run's processes; keep it, so that none is left over"},
		{"DARUMA_NOTIFY", "with a probe of the kind notify: the descriptor or handle to write READY=1 and WATCHDOG=1 to"},
		{"DARUMA_WATCHDOG_SECONDS", "with such a livenessProbe: within how many seconds a WATCHDOG=1 is expected"},
		{"LISTEN_FDS, LISTEN_FDNAMES, LISTEN_PID", "Linux, with listen: the sockets, as systemd passes them (sd_listen_fds(3))"},
		{"HOME, USER, LOGNAME, SHELL", "Linux, with securityContext.runAsUser: that account's"},
		{"DARUMA_RELEASE, DARUMA_PREVIOUS_RELEASE", "hooks/before of a release and the command of backup alone: its version, and that of the current one"},
		{"DARUMA_BACKUP", "the command of backup alone: the folder that it writes into"},
		{"PATH, LANG", "Linux, with securityContext.runAsUser: daruma's own; nothing else of its environment is passed on"},
	}
}

func environmentTopic() string {
	var b strings.Builder
	list := func(variables []variable) {
		for _, v := range variables {
			fmt.Fprintf(&b, "  %s\n      %s\n", v.name, v.meaning)
		}
	}
	b.WriteString("Variables that daruma reads:\n\n")
	list(readVariables())
	b.WriteString(`
A definition takes any other from daruma's environment: ${NAME} and ${NAME:-default}. What is set in a terminal an installed
service doesn't see: give daruma install --env NAME=VALUE.

Variables that a program gets, beside daruma's own environment, the files of envFiles and what env says:

`)
	list(programVariables())
	return b.String()
}

const definitionTopic = `A definition is one YAML file, daruma.yaml where no other is named. It says what a service is called and which programs it has.
The least there can be is a name and a command:

  name: shop
  programs:
    api:
      command: [bin/server]

Relative paths start from the file's folder. Every ...Seconds takes fractions. Sizes are 512Mi, 1.5Gi. ${NAME} and
${NAME:-default} are variables of daruma's environment. Unknown keys are errors: daruma check names every one, with its place.
daruma schema prints the JSON Schema, with which editors complete and explain the fields. docs/definition.md describes each one.

Every field, in an example:

` + definitionExample

// definitionExample shows every field of a service and of a program. A test holds it to the schema.
const definitionExample = `  name: shop                        # what the operating system knows the service by: a-z, 0-9 and -
  folder: .                         # where relative paths start; the definition's own folder by default
  displayName: Shop backend         # what people see in lists of services
  description: Orders API and its worker
  startType: automatic              # automatic | delayed | manual | disabled
  dependsOn: [postgresql]           # services of the operating system that start first
  account: virtual                  # virtual | LocalService | NetworkService | LocalSystem | a user | DOMAIN\account$
  reportRunning: started            # started | ready: when the operating system is told that it runs
  fallback: {enabled: true, everySeconds: 300, wakeToRun: false}
  control: {readers: [ops]}                  # accounts and groups that see status, events, incidents and logs
  backup: {paths: [../../data], command: [bin/dump], timeoutSeconds: 3600} # what a deploy copies before it switches
  programs:
    api:
      command: [bin/server, --port, "8080"]
      workingDir: .
      env: {LOG_LEVEL: info}
      envFiles: [conf/api.env]
      stdin: empty                  # empty | open: an input that never ends, for programs that end when it does
      restartPolicy: Always         # Always | OnFailure | Never
      backoff: {initialSeconds: 0.5, factor: 2, maxSeconds: 60, jitter: 0.25, resetAfterSeconds: 60}
      exitCodes: {0: stop, 3: restart, 64-78: giveUp}
      maxRestarts: {count: 8, withinSeconds: 600, then: giveUp}     # giveUp | escalate
      startupProbe:   {httpGet: {path: /health, port: 8080}, periodSeconds: 1, failureThreshold: 30}
      livenessProbe:  {exec: {command: [bin/health]}, initialDelaySeconds: 30, timeoutSeconds: 2}
      readinessProbe: {tcpSocket: {port: 8080}, successThreshold: 1}     # or grpc: {port: 9000}, or notify: {}
      lifecycle:
        postStart: {exec: {command: [bin/warm-up]}}
        preStop: {httpGet: {path: /drain, port: 8080}}
        onResume: {exec: {command: [bin/reconnect]}}
        onControl: {130: {exec: {command: [bin/rotate-keys]}}}
        stopSignal: SIGTERM         # Windows: CTRL_C | CTRL_BREAK | WM_CLOSE
      terminationGracePeriodSeconds: 30
      logs: {format: text, maxSize: 10Mi, maxAgeSeconds: 604800, maxFiles: 10, compress: true, encoding: utf-8}
    worker:
      command: [bin/worker]
      dependsOn: {api: ready}       # started | ready | completed
      resources: {limits: {memory: 512Mi, cpu: "1.5", processes: 64}, affinity: [0, 1], rlimits: {nofile: 4096}}
      nice: 5                       # Linux, as umask, rlimits, securityContext and listen
      umask: "027"
      securityContext:
        runAsUser: www-data
        runAsGroup: www-data
        supplementalGroups: [adm]
        capabilities: {add: [NET_BIND_SERVICE], drop: [ALL]}
        allowPrivilegeEscalation: false
      listen: [{name: http, address: "127.0.0.1:8081"}]
`
