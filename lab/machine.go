package lab

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"
)

// bootTimeout bounds what Boot, Shutdown and Reboot wait; the slowest machine, Kernel, needs 6 s on two processors.
const bootTimeout = 90 * time.Second

// Machine is a computer that belongs to one test. Its methods may be called from several goroutines, but those that boot, end
// or cut it only from one at a time. Methods without an error fail the test (testing.TB.Fatal: call them in the test's goroutine).
type Machine struct {
	t     testing.TB
	bench bench
}

// bench is what differs between the kinds of machine.
type bench interface {
	boot(context.Context) error
	shutdown(context.Context) error
	cut() error
	// start runs a command in the booted machine; the handle ends when the command and what holds its output have.
	start(c Command, token string) (handle, error)
	// path is where a file of the machine is for its native commands.
	path(guest string) (string, error)
}

// handle is a started command.
type handle interface {
	wait() (exit int, err error)
	kill() error
}

// Command is one command line with what surrounds it. The zero values of all but Path are good.
type Command struct {
	Path string   // a path in the machine or a name that its PATH finds; no shell reads it
	Args []string // without Path
	Env  []string // KEY=VALUE, added to the machine's own environment
	Dir  string   // in the machine; "" is its root folder (C:\ or /)

	Stdin          io.Reader // nil: nothing to read; a Kernel machine reads it to its end before the command starts
	Stdout, Stderr io.Writer // also written to Result; nil: only there

	native bool       // a Linux program, beside Wine
	files  []*os.File // handed down as descriptors from 3 on, to what runs on the host
}

// Result is how a command ended.
type Result struct {
	Stdout, Stderr []byte
	// ExitCode is the command's: 0–255 on Linux, 128+n after signal n. Under Wine the lowest 8 bits of the Windows exit code
	// are all that gets through; where more matters, let cmd.exe print %errorlevel%.
	ExitCode int
}

// String is what a failure message needs: exit code and both outputs.
func (r Result) String() string {
	return fmt.Sprintf("exit code %d\nstdout: %s\nstderr: %s", r.ExitCode, bytes.TrimSpace(r.Stdout), bytes.TrimSpace(r.Stderr))
}

// Run runs a command to its end. The error is nil for every exit code; it says that the command couldn't be started or that ctx
// ended it (with everything that it had started and that still carried its environment; services started through the service
// manager don't). Standard input is empty.
func (m *Machine) Run(ctx context.Context, path string, args ...string) (Result, error) {
	return m.RunCommand(ctx, Command{Path: path, Args: args})
}

// RunCommand is Run with all that a Command can say.
func (m *Machine) RunCommand(ctx context.Context, c Command) (Result, error) {
	p, err := m.start(c)
	if err != nil {
		return Result{}, err
	}
	return p.Wait(ctx)
}

// Output runs a command, fails the test unless its exit code is 0, and gives its standard output without white space around it.
func (m *Machine) Output(path string, args ...string) string {
	m.t.Helper()
	r, err := m.Run(m.t.Context(), path, args...)
	if err != nil {
		m.t.Fatalf("%s %s: %v", path, strings.Join(args, " "), err)
	}
	if r.ExitCode != 0 {
		m.t.Fatalf("%s %s: %v", path, strings.Join(args, " "), r)
	}
	return strings.TrimSpace(string(r.Stdout))
}

// Start runs a command beside the test, until it ends by itself, is killed, or its machine is.
func (m *Machine) Start(c Command) *Process {
	m.t.Helper()
	p, err := m.start(c)
	if err != nil {
		m.t.Fatal(err)
	}
	return p
}

// Boot starts the machine that Shutdown or CutPower ended, and waits until it is up: on Linux until systemd has reached its
// default target, under Wine until the service manager answers.
func (m *Machine) Boot() {
	m.t.Helper()
	m.within("boot", m.bench.boot)
}

// Shutdown ends the machine in an orderly way and waits for it: Linux by systemctl poweroff, Wine by wineserver -k, which saves
// the registry and kills every Windows process (shutdown controls don't exist there).
func (m *Machine) Shutdown() {
	m.t.Helper()
	m.within("shutdown", m.bench.shutdown)
}

// Reboot is Shutdown and Boot. Files stay; a Linux machine's /tmp and /run don't.
func (m *Machine) Reboot() {
	m.t.Helper()
	m.Shutdown()
	m.Boot()
}

// CutPower ends everything in the machine at once, as if by the plug; Boot starts it again. Only a Kernel machine loses what
// wasn't synced to its disk; a Windows machine loses what Wine hadn't saved of the registry (it saves about every 30 s);
// on a Linux machine files survive, because the host's kernel has them.
func (m *Machine) CutPower() {
	m.t.Helper()
	if err := m.bench.cut(); err != nil {
		m.t.Fatalf("cutting the machine's power: %v", err)
	}
}

func (m *Machine) within(what string, f func(context.Context) error) {
	m.t.Helper()
	ctx, cancel := context.WithTimeoutCause(m.t.Context(), bootTimeout, fmt.Errorf("no answer within %v", bootTimeout))
	defer cancel()
	if err := f(ctx); err != nil {
		m.t.Fatalf("%s of the machine: %v", what, err)
	}
}
