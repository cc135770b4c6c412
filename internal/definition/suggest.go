package definition

import "strings"

// unknown adds a problem for a key that a map can't have, and says what was probably meant.
func (d *decoder) unknown(e *entry, fields []field) {
	if len(d.errs) >= maxErrors {
		d.dropped++ // a file full of unknown keys must not cost a million comparisons
		return
	}
	known := make([]string, len(fields))
	for i, f := range fields {
		known[i] = f.key
	}
	parent := string(d.path)
	d.in(e.key, e.pos, func() {
		if word := d.foreign(parent, e.key); word != "" {
			d.fail(e.pos, "unknown key: %s", word)
		} else if near := nearestKey(e.key, known); near != "" {
			d.fail(e.pos, "unknown key: did you mean %s?", near)
		} else {
			d.fail(e.pos, "unknown key: allowed here are %s", strings.Join(known, ", "))
		}
	})
}

// foreignKeyHint says what to write in place of keys that people know from Kubernetes, Compose, systemd and supervisord.
func foreignKeyHint(parent, key string) string {
	section := parent[strings.LastIndexByte(parent, '.')+1:]
	switch section {
	case "":
		return topHint(key)
	case "resources":
		if key == "requests" {
			return "daruma reserves nothing; give resources.limits, or leave it out"
		}
	case "securityContext":
		switch key {
		case "privileged", "readOnlyRootFilesystem", "seccompProfile", "seLinuxOptions", "procMount", "appArmorProfile":
			return "this is a setting of containers, and daruma's programs don't run in one"
		case "runAsNonRoot":
			return "name the user to run as with runAsUser"
		}
	case "preStop", "postStart", "onResume":
		if key == "sleep" {
			return `write exec: {command: [sleep, "5"]}`
		}
	}
	if strings.HasSuffix(section, "Probe") {
		return probeHint(key)
	}
	if strings.Count(parent, ".") == 1 && strings.HasPrefix(parent, "programs.") {
		return programHint(key)
	}
	return ""
}

func topHint(key string) string {
	switch key {
	case "apiVersion", "kind", "metadata", "spec":
		return "this is a key of a Kubernetes manifest; a definition has name and programs, and the fields of a container go into programs.NAME"
	case "services", "containers", "processes":
		return "did you mean programs? It is a map: programs: {NAME: {command: […]}}"
	case "textfile", "notices", "shipping", "dashboard", "history":
		return "it is a key of observe.yaml, the observer's settings, which are a file of their own: daruma install observe.yaml"
	case "version":
		return "a definition has no version: remove it"
	case "command":
		return "it belongs to a program: programs: {NAME: {command: […]}}"
	case "workingDir", "env", "envFiles", "restartPolicy", "backoff", "exitCodes", "maxRestarts", "startupProbe", "livenessProbe", "readinessProbe",
		"lifecycle", "terminationGracePeriodSeconds", "resources", "securityContext", "listen", "logs":
		return "it belongs to a program: programs: {NAME: {" + key + ": …}}"
	}
	return ""
}

func probeHint(key string) string {
	switch key {
	case "terminationGracePeriodSeconds":
		return "a probe can't have its own here; give the program's terminationGracePeriodSeconds"
	case "command":
		return "write exec: {command: […]}"
	case "port", "path", "host":
		return "it belongs into httpGet, tcpSocket or grpc"
	}
	return ""
}

func programHint(key string) string {
	switch key {
	case "image", "imagePullPolicy":
		return "daruma runs executables, not container images: give command"
	case "args":
		return "append the arguments to command"
	case "ports", "expose":
		return "a program opens its ports itself, so there is nothing to declare; for a socket that stays open across restarts give listen"
	case "volumeMounts", "volumes":
		return "programs see the machine's files as they are: remove it"
	case "envFrom", "env_file", "envFile":
		return "did you mean envFiles?"
	case "environment":
		return "did you mean env?"
	case "restart", "autorestart", "Restart":
		return "did you mean restartPolicy?"
	case "user", "User":
		return "did you mean securityContext: {runAsUser: …}?"
	case "group", "Group":
		return "did you mean securityContext: {runAsGroup: …}?"
	case "cwd", "dir", "directory", "working_dir", "WorkingDirectory":
		return "did you mean workingDir?"
	case "cmd", "exec", "run", "entrypoint", "ExecStart":
		return "did you mean command?"
	case "healthcheck", "health":
		return "did you mean livenessProbe?"
	case "after", "requires", "depends_on":
		return "did you mean dependsOn?"
	case "name":
		return "the program's name is its key in programs: remove the line"
	case "rlimits", "ulimits":
		return "did you mean resources: {rlimits: …}?"
	case "limits", "memory", "cpu":
		return "did you mean resources: {limits: {memory: …, cpu: …}}?"
	case "preStop", "postStart", "onResume", "onControl", "stopSignal":
		return "it belongs into lifecycle"
	case "stopsignal", "stop_signal", "KillSignal", "kill_signal":
		return "did you mean lifecycle: {stopSignal: …}?"
	case "gracePeriodSeconds", "stopwaitsecs", "stop_grace_period", "TimeoutStopSec", "kill_timeout", "timeoutSeconds":
		return "did you mean terminationGracePeriodSeconds?"
	case "startretries", "max_restarts", "StartLimitBurst":
		return "did you mean maxRestarts?"
	case "RestartSec", "restart_delay", "startsecs", "min_uptime":
		return "did you mean backoff?"
	case "replicas", "instances", "numprocs":
		return "each copy is a program of its own, with a name of its own"
	case "stdout_logfile", "stderr_logfile", "logfile", "out_file", "StandardOutput":
		return "what a program writes is kept without being asked; logs says how much of it"
	case "capabilities", "runAsUser", "runAsGroup":
		return "it belongs into securityContext"
	}
	return ""
}

// nearestKey is nearest for keys: others name a time without its unit (period, maxAge).
func nearestKey(key string, known []string) string {
	for _, k := range known {
		if short, found := strings.CutSuffix(k, "Seconds"); found && strings.EqualFold(key, short) {
			return k
		}
	}
	return nearest(key, known)
}

// nearest gives the word that s was probably meant to be, or "".
func nearest(s string, words []string) string {
	if len(s) > 64 {
		return ""
	}
	best, most := "", 1+len(s)/4
	for _, w := range words {
		if n := distance(strings.ToLower(s), strings.ToLower(w)); n <= most {
			best, most = w, n-1
		}
	}
	return best
}

// distance is how many insertions, deletions, replacements and swaps of neighbours make b of a.
func distance(a, b string) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
