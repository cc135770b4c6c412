// Command bench compares daruma with other supervisors, side by side in one run, and prints Markdown tables.
//
//	bench/setup.sh                      gets the others (once)
//	go run ./bench                      everything; a quarter of an hour
//	go run ./bench -case restart -peer bare,daruma -kills 50
//
// Each peer runs at its fastest setting (see peers_*.go). "bare" is the floor: fork, exec, waitpid in a loop of C.
// It needs Linux, gcc and go; everything it starts names a folder of its own and is ended by that.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"strings"
	"time"
)

// bench is one run of the benchmark.
type bench struct {
	tools *tools
	peers []*peer

	runs     int           // of each case that has runs
	kills    int           // of the restart case
	programs int           // of the up case, and the most of the memory case
	uptime   time.Duration // of a program before it is killed there
	watch    time.Duration // how long idle and probes are watched
	lines    int64         // of the log case
	stop     <-chan os.Signal
}

// benchCase is one table.
type benchCase struct {
	name, title string
	run         func(*bench) (table, error)
}

func cases() []benchCase {
	return []benchCase{
		{"restart", "kill → first instruction of the next instance, ms", restartCase},
		{"crashloop", "crash loop without backoff, restarts in 5 s", crashLoopCase},
		{"up", "many programs up, ms", upCase},
		{"stop", "100 programs stopped, ms", stopCase},
		{"memory", "memory of the supervisor's processes, PSS MiB by the number of programs", memoryCase},
		{"death", "killed by kill -9, then started again: copies of each of 5 programs", deathCase},
		{"status", "status of 100 programs by the command line, ms", statusCase},
		{"idle", "CPU of the supervisor with 100 programs that do nothing, ms", idleCase},
		{"probes", "1,000 programs probed every 10 s by HTTP, % of a core", probesCase},
		{"logs", "120-byte lines captured and rotated, MiB/s", logsCase},
		{"json", "the same, each line made a JSON object, MiB/s of input", jsonCase},
	}
}

var errInterrupted = errors.New("interrupted")

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run() error {
	b := &bench{}
	home, _ := os.UserCacheDir()
	only := flag.String("case", "", "cases to run, separated by commas; default all")
	who := flag.String("peer", "", "peers to measure, separated by commas; default all that are there")
	cache := flag.String("cache", home+"/daruma-bench", "folder that bench/setup.sh printed")
	dir := flag.String("dir", os.TempDir(), "where definitions, logs and sockets go")
	keep := flag.Bool("keep", false, "leave that folder for a look")
	flag.IntVar(&b.runs, "runs", 5, "runs of each case; the median counts")
	flag.IntVar(&b.kills, "kills", 300, "kills of each peer's program in the restart case")
	flag.IntVar(&b.programs, "programs", 500, "programs of the up case, and the most of the memory case")
	flag.DurationVar(&b.uptime, "uptime", 1100*time.Millisecond, "how long a program runs before it is killed there; below a second, runit and s6 wait that second out")
	flag.DurationVar(&b.watch, "watch", 30*time.Second, "how long the idle and probes cases watch")
	flag.Int64Var(&b.lines, "lines", 1<<30/120, "lines of the log cases; default 1 GiB of them")
	flag.Parse()
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, os.Interrupt)
	b.stop = stop

	work, err := os.MkdirTemp(*dir, "daruma-bench-")
	if err != nil {
		return err
	}
	if !*keep {
		defer os.RemoveAll(work)
	}
	if err := os.Chmod(work, 0o755); err != nil {
		return err
	}
	if b.tools, err = build(work, *cache, *keep); err != nil {
		return err
	}
	if err := b.choose(*who); err != nil {
		return err
	}
	return b.all(*only)
}

// choose keeps the peers that are named and there, and prints which.
func (b *bench) choose(names string) error {
	wanted := split(names)
	fmt.Printf("%d CPUs, Linux %s, %s\n\n", runtime.NumCPU(), kernel(), runtime.Version())
	for _, p := range allPeers() {
		if len(wanted) > 0 && !slices.Contains(wanted, p.name) {
			continue
		}
		version, err := p.version(b.tools)
		if err != nil {
			fmt.Printf("- %s: not here: %v\n", p.name, err)
			continue
		}
		fmt.Printf("- %s: %s\n", p.name, version)
		b.peers = append(b.peers, p)
	}
	if len(b.peers) == 0 {
		return errors.New("none of these peers is here")
	}
	return nil
}

func (b *bench) all(only string) error {
	wanted := split(only)
	for _, c := range cases() {
		if len(wanted) > 0 && !slices.Contains(wanted, c.name) {
			continue
		}
		begin := time.Now()
		t, err := c.run(b)
		fmt.Printf("\n### %s\n\n%s", c.title, t.markdown())
		fmt.Fprintf(os.Stderr, "%s took %v\n", c.name, time.Since(begin).Round(time.Second))
		if err != nil {
			return err
		}
	}
	return nil
}

// interrupted is asked between measurements, so that Ctrl+C still cleans up.
func (b *bench) interrupted() bool {
	select {
	case <-b.stop:
		return true
	default:
		return false
	}
}

func split(list string) []string {
	if list == "" {
		return nil
	}
	return strings.Split(list, ",")
}

func kernel() string {
	text, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		return "?"
	}
	return strings.TrimSpace(string(text))
}
