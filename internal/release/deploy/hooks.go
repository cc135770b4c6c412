package deploy

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/daruma-sh/daruma/internal/plaintext"
)

// beforeHook is the path of the hook that is run before the switch.
func beforeHook() string {
	if runtime.GOOS == "windows" {
		return "hooks/before.cmd"
	}
	return "hooks/before"
}

// maxHookOutput is how much of a hook's output is kept for an error, in bytes: its end.
const maxHookOutput = 4 << 10

// tail keeps the end of what is written.
type tail struct {
	to   io.Writer
	last []byte
}

func (t *tail) Write(p []byte) (int, error) {
	t.last = append(t.last, p...)
	if extra := len(t.last) - maxHookOutput; extra > 0 {
		t.last = append(t.last[:0], t.last[extra:]...)
	}
	return t.to.Write(p)
}

// runHook runs a hook of the release in folder, as whoever deploys. Everything it started ends with it, and with timeout. What it writes goes
// to out.
func runHook(ctx context.Context, folder, version, from string, timeout time.Duration, out io.Writer) error {
	env := []string{"DARUMA_RELEASE=" + version, "DARUMA_PREVIOUS_RELEASE=" + from}
	return runCommand(ctx, beforeHook(), []string{filepath.Join(folder, filepath.FromSlash(beforeHook()))}, folder, env, timeout, out)
}

// runCommand runs a command that errors call what.
func runCommand(ctx context.Context, what string, command []string, folder string, env []string, timeout time.Duration, out io.Writer) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Dir = folder
	cmd.Env = append(os.Environ(), env...)
	said := &tail{to: out}
	cmd.Stdout, cmd.Stderr = said, said
	cmd.WaitDelay = time.Second // what it left behind may hold its output open
	err := runTree(cmd)
	if errors.Is(err, exec.ErrWaitDelay) { // it ended well, and what it left behind is ended too
		err = nil
	}
	switch {
	case err == nil:
		return nil
	case ctx.Err() == context.DeadlineExceeded:
		err = fmt.Errorf("it was ended after %v", timeout)
	}
	if last := plaintext.Line(strings.TrimSpace(string(bytes.TrimSpace(said.last)))); last != "" {
		return fmt.Errorf("%s failed: %w; it said: %s", what, err, last)
	}
	return fmt.Errorf("%s failed: %w", what, err)
}
