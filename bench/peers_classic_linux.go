package main

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// runitPeer: no log service where no logs are asked for; the run file is the program itself where that can be.
func runitPeer() *peer {
	return &peer{
		name:    "runit",
		version: debianVersion("runsvdir", "runit"),
		prepare: func(t *tools, w *work) error {
			logs := filepath.Join(w.dir, "logs")
			if err := write(filepath.Join(logs, "config"), fmt.Sprintf("s%d\nn%d\n", rotateSize, rotateFiles), 0o644); err != nil {
				return err
			}
			return serviceFolders(t, w, "#!/bin/sh\nexec svlogd "+logs+"\n")
		},
		command: func(_ *tools, w *work) *exec.Cmd { return exec.Command("runsvdir", filepath.Join(w.dir, "service")) },
		stop:    syscall.SIGHUP, // TERM would leave the programs running
		status: func(_ *tools, w *work) *exec.Cmd {
			return exec.Command("sv", append([]string{"status"}, serviceNames(w)...)...)
		},
	}
}

func s6Peer() *peer {
	return &peer{
		name:    "s6",
		version: debianVersion("s6-svscan", "s6"),
		prepare: func(t *tools, w *work) error {
			return serviceFolders(t, w, fmt.Sprintf("#!/bin/sh\nexec s6-log n%d s%d %s\n", rotateFiles, rotateSize, filepath.Join(w.dir, "logs")))
		},
		command: func(_ *tools, w *work) *exec.Cmd {
			return exec.Command("s6-svscan", "-c", "2000", filepath.Join(w.dir, "service"))
		},
		stop: syscall.SIGTERM,
		status: func(_ *tools, w *work) *exec.Cmd { // one service at a time is all it takes
			return exec.Command("/bin/sh", append([]string{"-c", `for s; do s6-svstat "$s"; done`, "sh"}, serviceNames(w)...)...)
		},
	}
}

func serviceNames(w *work) []string {
	var names []string
	for _, p := range w.programs {
		names = append(names, filepath.Join(w.dir, "service", p.name))
	}
	return names
}

// serviceFolders writes what runit and s6 share: a folder for each program with an executable file run.
func serviceFolders(t *tools, w *work, logger string) error {
	for _, p := range w.programs {
		folder := filepath.Join(w.dir, "service", p.name)
		run := "#!/bin/sh\nexec " + strings.Join(p.argv, " ") + "\n"
		if p.argv[0] == t.first && len(p.argv) == 2 {
			run = "#!" + strings.Join(p.argv, " ") + "\n" // no shell in between
		}
		if err := write(filepath.Join(folder, "run"), run, 0o755); err != nil {
			return err
		}
		if w.logs != noLogs {
			if err := write(filepath.Join(folder, "log", "run"), logger, 0o755); err != nil {
				return err
			}
		}
	}
	return nil
}

func supervisordPeer() *peer {
	config := func(w *work) string { return filepath.Join(w.dir, "supervisord.conf") }
	return &peer{
		name:    "supervisord",
		version: debianVersion("supervisord", "supervisor"),
		prepare: func(_ *tools, w *work) error {
			var b strings.Builder
			socket := filepath.Join(w.dir, "socket")
			fmt.Fprintf(&b, "[supervisord]\nnodaemon=true\nlogfile=/dev/null\nlogfile_maxbytes=0\nloglevel=critical\nminfds=8192\npidfile=%s\n", filepath.Join(w.dir, "pid"))
			fmt.Fprintf(&b, "[unix_http_server]\nfile=%s\n[supervisorctl]\nserverurl=unix://%s\n", socket, socket)
			b.WriteString("[rpcinterface:supervisor]\nsupervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface\n")
			for _, p := range w.programs {
				out := "NONE"
				if w.logs != noLogs {
					out = filepath.Join(w.dir, "logs", p.name)
				}
				fmt.Fprintf(&b, "[program:%s]\ncommand=%s\nautorestart=true\nstartsecs=0\nredirect_stderr=true\nstdout_logfile=%s\nstdout_logfile_maxbytes=%d\nstdout_logfile_backups=%d\n",
					p.name, strings.Join(p.argv, " "), out, rotateSize, rotateFiles)
			}
			if err := write(filepath.Join(w.dir, "logs", ".keep"), "", 0o644); err != nil {
				return err
			}
			return write(config(w), b.String(), 0o644)
		},
		command: func(_ *tools, w *work) *exec.Cmd { return exec.Command("supervisord", "-c", config(w)) },
		stop:    syscall.SIGTERM,
		status:  func(_ *tools, w *work) *exec.Cmd { return exec.Command("supervisorctl", "-c", config(w), "status") },
	}
}
