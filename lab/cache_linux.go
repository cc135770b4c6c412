package lab

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

//go:embed recipe/*.sh
var recipes embed.FS

// Parts are what the machines are built of; each is built when the first test needs it.
func Parts() []string { return []string{"windows", "linux", "kernel"} }

// cacheFolder is where built parts are kept between runs.
func cacheFolder() (string, error) {
	if dir := os.Getenv("DARUMA_LAB_CACHE"); dir != "" {
		return filepath.Abs(dir)
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("no folder for the lab: %w (set DARUMA_LAB_CACHE to one with 2 GB)", err)
	}
	return filepath.Join(dir, "daruma-lab"), nil
}

// script is the whole recipe of a part.
func script(part string) ([]byte, error) {
	var all []byte
	for _, name := range []string{"fetch.sh", part + ".sh"} {
		text, err := recipes.ReadFile("recipe/" + name)
		if err != nil {
			return nil, err
		}
		all = append(all, text...)
	}
	return all, nil
}

// Build gives the folder of a part, and builds it first where the cache doesn't have it: under a lock, so that of several test
// processes one builds and the others wait, in a folder of its own that gets its name when it is complete. say is told
// what takes time, and may be nil. Root is needed, and what Missing tests for.
func Build(part string, say func(string)) (string, error) {
	if say == nil {
		say = func(string) {}
	}
	recipe, err := script(part)
	if err != nil {
		return "", err
	}
	env := os.Environ()
	if part == "kernel" { // its disk is filled from the other part
		linux, err := Build("linux", say)
		if err != nil {
			return "", err
		}
		env = append(env, "LINUX="+linux)
		recipe = append(recipe, "\n# "+filepath.Base(linux)+"\n"...)
	}
	cache, err := cacheFolder()
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(recipe)
	dir := filepath.Join(cache, part+"-"+hex.EncodeToString(sum[:6]))
	if _, err := os.Stat(dir); err == nil {
		return dir, nil
	}
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return "", fmt.Errorf("the lab's folder: %w (set DARUMA_LAB_CACHE to one that can be written)", err)
	}
	lock, err := os.OpenFile(filepath.Join(cache, part+".lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return "", err
	}
	defer lock.Close()
	if syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != nil {
		say(fmt.Sprintf("waiting for another process that builds the lab's part %s", part))
		if err := flock(lock); err != nil {
			return "", err
		}
	}
	if _, err := os.Stat(dir); err == nil {
		return dir, nil
	}
	return dir, build(part, dir, recipe, env, say)
}

func flock(f *os.File) error {
	for {
		if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}

func build(part, dir string, recipe []byte, env []string, say func(string)) error {
	stale, _ := filepath.Glob(filepath.Join(filepath.Dir(dir), "building-"+part+"-*")) // of a build that was killed
	for _, s := range stale {
		if err := os.RemoveAll(s); err != nil {
			return err
		}
	}
	begin := time.Now()
	say(fmt.Sprintf("building the lab's part %s from Debian's packages, once, in %s …", part, dir))
	half, err := os.MkdirTemp(filepath.Dir(dir), "building-"+part+"-*")
	if err != nil {
		return err
	}
	if err := os.Chmod(half, 0o755); err != nil { // services in the machine run as other users
		return err
	}
	cmd := exec.Command("unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--propagation", "private",
		"bash", "-c", string(recipe), part+".sh")
	cmd.Dir, cmd.Env = half, env
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if _, err := cmd.StdinPipe(); err != nil { // nobody writes: its end tells that we have ended
		return err
	}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		os.RemoveAll(half)
		return fmt.Errorf("building the lab's part %s: %w\n%s", part, err, bytes.TrimSpace(out.Bytes()))
	}
	if err := os.Rename(half, dir); err != nil {
		return err
	}
	say(fmt.Sprintf("built the lab's part %s in %v", part, time.Since(begin).Round(100*time.Millisecond)))
	return nil
}
