package lab

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/daruma-sh/daruma/lab/tree"
)

// Windows boots a Windows machine: Wine 10 with its Service Control Manager and registry, drive C: and a /tmp of its own.
// docs/lab.md lists what it can't show. A prefix is cloned in some 10 ms; up it is in about half a second.
func Windows(t testing.TB) *Machine {
	t.Helper()
	s := prepare(t, "windows", "windows.sh")
	m := &Machine{t: t, bench: &wine{space: s}}
	m.Boot()
	return m
}

// wine is the bench of a Windows machine.
type wine struct {
	space *space
	keep  *task    // while an ordinary Windows process lives, so do the services
	stdin *os.File // what keep waits for, in vain
}

const drive = "/media/pfx/drive_c"

func (w *wine) env() []string {
	return []string{"WINEPREFIX=/media/pfx", "WINEDEBUG=" + debug(), "FONTCONFIG_FILE=/media/fonts.conf", "HOME=/tmp/home", "USER=root",
		"WINEDLLOVERRIDES=winemenubuilder.exe=d", "PATH=/usr/lib/wine:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
}

// debug is Wine's own wish for messages, for whoever looks for the cause of something: WINEDEBUG=+service go test …
func debug() string {
	if d := os.Getenv("WINEDEBUG"); d != "" {
		return d
	}
	return "-all"
}

// line is the command line on the host for one in the space, in a folder of the space.
func (w *wine) line(dir string, args ...string) []string {
	return append(enter(w.space.holder, "--", "sh", "-c", `cd "$0" && exec "$@"`, dir), args...)
}

func (w *wine) start(c Command, token string) (handle, error) {
	dir := drive
	if c.Dir != "" {
		var err error
		if dir, err = w.path(c.Dir); err != nil {
			return nil, err
		}
	}
	args := append([]string{c.Path}, c.Args...)
	if !c.native {
		args = append([]string{"wine64"}, args...)
	}
	return run(w.line(dir, args...), c, w.env(), token)
}

func (w *wine) boot(ctx context.Context) error {
	if w.keep != nil {
		return fmt.Errorf("it is up already")
	}
	r, stdin, err := os.Pipe()
	if err != nil {
		return err
	}
	defer r.Close()
	keep, err := run(w.line(drive, "wine64", `C:\windows\system32\cmd.exe`), Command{Stdin: r}, w.env(), "resident")
	if err != nil {
		stdin.Close()
		return err
	}
	w.keep, w.stdin = keep, stdin
	// sc waits until the service manager answers.
	up, err := run(w.line(drive, "wine64", "sc", "query", "RpcSs"), Command{}, w.env(), "boot")
	if err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() {
		code, err := up.wait()
		if err == nil && code != 0 {
			err = fmt.Errorf("the service manager doesn't answer: sc query RpcSs: exit code %d", code)
		}
		ended <- err
	}()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// shutdown lets the wineserver end: it saves the registry and kills every Windows process.
func (w *wine) shutdown(ctx context.Context) error {
	end, err := run(w.line("/", "sh", "-c", "wineserver -k; exec wineserver -w"), Command{}, w.env(), "shutdown")
	if err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { end.cmd.Process.Kill() })
	defer stop()
	if code, err := end.wait(); err != nil || code != 0 {
		return fmt.Errorf("wineserver -k: exit code %d, %v, %v", code, err, context.Cause(ctx))
	}
	return w.cut()
}

func (w *wine) cut() error {
	if w.keep == nil {
		return nil
	}
	err := tree.Extinguish(func() ([]int, error) { return tree.Members(w.space.holder) })
	w.keep.wait()
	w.stdin.Close()
	w.keep = nil
	return err
}

// path finds C:\… in the prefix. Names that are there are found in any case, as on Windows.
func (w *wine) path(guest string) (string, error) {
	letter, rest, _ := strings.Cut(strings.ReplaceAll(guest, `\`, "/"), "/")
	if !strings.EqualFold(letter, "C:") {
		return "", fmt.Errorf(`%q isn't a path that begins with C:\`, guest)
	}
	path := drive
	for _, name := range strings.FieldsFunc(rest, func(r rune) bool { return r == '/' }) {
		if entries, err := os.ReadDir(w.space.inside(path)); err == nil {
			for _, e := range entries {
				if strings.EqualFold(e.Name(), name) {
					name = e.Name()
					break
				}
			}
		}
		path = filepath.Join(path, name)
	}
	return path, nil
}
