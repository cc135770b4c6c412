package usage

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/daruma-sh/daruma/internal/keeper/tree"
)

// A name with anything in it moves no field.
func TestParse(t *testing.T) {
	stat := "42 (a) R 1 (b) S 7 42 41 0 -1 4194560 1 2 3 4 100 20 3 4 20 0 1 0 99 1000 5 18446744073709551615 0 0"
	want := process{pid: 42, parent: 7, session: 41, cpu: 1270 * time.Millisecond, memory: 5 * int64(os.Getpagesize())}
	if p, ok := parse(42, []byte(stat)); !ok || p != want {
		t.Errorf("%+v %v, want %+v", p, ok, want)
	}
	for _, bad := range []string{"", "42 (a", "42 (a) R 1 2", "42 (a) Z 7 42 41 0 -1 4194560 1 2 3 4 100 20 3 4 20 0 1 0 99 1000 5"} {
		if p, ok := parse(42, []byte(bad)); ok {
			t.Errorf("%q: %+v", bad, p)
		}
	}
}

// What a program left behind counts by its session: its parent is another's.
func TestSession(t *testing.T) {
	sh := exec.Command("/bin/sh", "-c", "(sleep 1000 & echo $!); read _")
	sh.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	in, err := sh.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := sh.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := sh.Start(); err != nil {
		t.Fatal(err)
	}
	var line [32]byte
	n, err := out.Read(line[:]) // the subshell has ended, or is about to
	if err != nil {
		t.Fatal(err)
	}
	left, err := strconv.Atoi(string(line[:n-1]))
	if err != nil {
		t.Fatal(err)
	}
	if got := Of("", []Main{{"it", sh.Process.Pid}})["it"]; got.Processes < 2 {
		t.Errorf("%+v", got)
	}
	in.Close()
	_ = sh.Wait()
	_ = syscall.Kill(left, syscall.SIGKILL)
}

// A cgroup is read through its files, those below it too; of several of one program the latest counts.
func TestOfGroup(t *testing.T) {
	base := t.TempDir()
	own := strconv.Itoa(os.Getpid()) + "\n"
	for name, text := range map[string]string{
		"p-it.9/cpu.stat": "usage_usec 1\n", "p-it.10/cpu.stat": "usage_usec 2500000\nuser_usec 1\n",
		"p-it.10/cgroup.procs": own, "p-it.10/below/cgroup.procs": own, "p-odd/cpu.stat": "", "other": "",
	} {
		path := filepath.Join(base, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got := Of(base, []Main{{"it", os.Getpid()}})["it"]
	if got.CPU != 2500*time.Millisecond || got.Processes != 2 || got.Memory < 1<<20 || got.Files < 6 {
		t.Errorf("%+v", got)
	}

	// As many folders as cgroup.stat counts: nothing is looked for below.
	if r := newReader(base); !r.nested {
		t.Error("without cgroup.stat nothing may be below")
	} else {
		r.close()
	}
	for descendants, nested := range map[int]bool{3: false, 4: true} {
		if err := os.WriteFile(filepath.Join(base, "cgroup.stat"), []byte("nr_descendants "+strconv.Itoa(descendants)+"\nnr_dying_descendants 7\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		var st syscall.Stat_t
		if err := syscall.Stat(base, &st); err != nil {
			t.Fatal(err)
		}
		r := newReader(base)
		if r.nested != (nested || st.Nlink != 5) { // some file systems don't count folders by links
			t.Errorf("%d below, %d links: nested %v", descendants, st.Nlink, r.nested)
		}
		r.close()
	}
}

// A list of processes that takes the kernel several pages is read to its end, and what is read after it isn't mixed with it.
func TestLongFile(t *testing.T) {
	base := t.TempDir()
	text := strings.Repeat("1234567\n", 5000)
	for name, text := range map[string]string{"long": text, "short": "1\n", "page": text[:page], "half": text[:page/2]} {
		if err := os.WriteFile(filepath.Join(base, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	r := newReader(base)
	defer r.close()
	for _, name := range []string{"short", "long", "page", "half", "short"} {
		want, err := os.ReadFile(filepath.Join(base, name))
		if err != nil {
			t.Fatal(err)
		}
		if got := r.read(r.cgroup, name); string(got) != string(want) {
			t.Errorf("%s: %d bytes, want %d", name, len(got), len(want))
		}
	}
}

// BenchmarkOfGroups is what the status of 1,000 programs reads where each has a cgroup: DARUMA_GROUPS=FOLDER, that of a service that runs.
func BenchmarkOfGroups(b *testing.B) {
	base := os.Getenv("DARUMA_GROUPS")
	if base == "" {
		b.Skip("needs a service that runs: DARUMA_GROUPS is the folder of its cgroup")
	}
	var mains []Main
	for program := range tree.Cgroups(base) {
		mains = append(mains, Main{program, 0})
	}
	b.ReportAllocs()
	for b.Loop() {
		if all := Of(base, mains); all[mains[0].Program].Processes == 0 {
			b.Fatal("no process was seen")
		}
	}
}

func BenchmarkOfOwnDescent(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		Of("", []Main{{"it", os.Getpid()}})
	}
}
