// Command wincrash measures, on a Windows machine, the time from the death of a program to the first instruction of its next instance,
// for several supervisors side by side: all are up at once and take turns.
//
//	wincrash FOLDER KILLS UPTIME     FOLDER has daruma.exe and winfirst.exe; a JSON object of milliseconds on stdout
//	wincrash bare MAILSLOT           the loop that is the floor: CreateProcess, wait, again, on the loop's own console
//	wincrash console MAILSLOT        the same, each instance with a console of its own and no window: what a service must do whose
//	                                 programs are to hear Ctrl+C, and what Windows does anyway for a service's console programs
//
// The service is called bench, and is installed and uninstalled.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"golang.org/x/sys/windows"
)

func main() {
	var err error
	switch {
	case len(os.Args) == 3 && (os.Args[1] == "bare" || os.Args[1] == "console"):
		err = loop(os.Args[2], os.Args[1] == "console")
	case len(os.Args) == 4:
		err = measure(os.Args[1], os.Args[2], os.Args[3])
	default:
		err = fmt.Errorf("usage: see the source")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "wincrash:", err)
		os.Exit(1)
	}
}

// peer is one supervisor of one program.
type peer struct {
	name  string
	slot  *slot
	now   start
	took  []float64 // milliseconds
	start func(p *peer) (end func(), err error)
}

func measure(dir, killsText, uptimeText string) error {
	kills, err := strconv.Atoi(killsText)
	if err != nil {
		return err
	}
	uptime, err := time.ParseDuration(uptimeText)
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	peers := []*peer{
		{name: "bare", start: func(p *peer) (func(), error) { return process(self, "bare", p.slot.name) }},
		{name: "console", start: func(p *peer) (func(), error) { return process(self, "console", p.slot.name) }},
		{name: "run", start: func(p *peer) (func(), error) { return darumaRun(dir, p.slot.name) }},
		{name: "service", start: func(p *peer) (func(), error) { return darumaService(dir, p.slot.name) }},
	}
	for _, p := range peers {
		if p.slot, err = newSlot(p.name); err != nil {
			return err
		}
		end, err := p.start(p)
		if err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		defer end()
		if p.now, err = p.slot.next(); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
	}
	for range kills {
		for _, p := range peers {
			if err := p.kill(uptime); err != nil {
				return fmt.Errorf("%s, after %d kills: %w", p.name, len(p.took), err)
			}
		}
	}
	took := map[string][]float64{}
	for _, p := range peers {
		took[p.name] = p.took
	}
	return json.NewEncoder(os.Stdout).Encode(took)
}

// kill waits until all that the kill of another peer has stirred up is at rest, ends the program, and waits for the next instance.
func (p *peer) kill(uptime time.Duration) error {
	time.Sleep(uptime)
	h, err := windows.OpenProcess(windows.PROCESS_TERMINATE, false, uint32(p.now.pid))
	if err != nil {
		return err
	}
	defer windows.CloseHandle(h)
	begin := clock()
	if err := windows.TerminateProcess(h, 9); err != nil {
		return err
	}
	if p.now, err = p.slot.next(); err != nil {
		return err
	}
	p.took = append(p.took, float64(p.now.at-begin)/frequency()*1e3)
	return nil
}

func process(name string, args ...string) (end func(), err error) {
	cmd := exec.Command(name, args...)
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return func() { _ = cmd.Process.Kill() }, nil
}

// definition is the same for a terminal and for a service. The first restart is free; those after it are, with 0 s, as well.
func definition(dir, name, slot string) (file string, err error) {
	file = filepath.Join(dir, name+".yaml")
	text := fmt.Sprintf("name: %s\nprograms:\n  p0:\n    command: ['%s', '%s']\n    backoff: {initialSeconds: 0}\n",
		name, filepath.Join(dir, "winfirst.exe"), slot)
	return file, os.WriteFile(file, []byte(text), 0o644)
}

func darumaRun(dir, slot string) (end func(), err error) {
	file, err := definition(dir, "bench-run", slot)
	if err != nil {
		return nil, err
	}
	return process(filepath.Join(dir, "daruma.exe"), "run", "--quiet", file)
}

func darumaService(dir, slot string) (end func(), err error) {
	file, err := definition(dir, "bench", slot)
	if err != nil {
		return nil, err
	}
	daruma := filepath.Join(dir, "daruma.exe")
	if out, err := exec.Command(daruma, "install", file, "--now").CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%w\n%s", err, out)
	}
	return func() { _ = exec.Command(daruma, "uninstall", "bench", "--purge").Run() }, nil
}
