package suite

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/daruma-sh/daruma/lab"
)

// suite is a package whose tests run in a machine.
type suite struct {
	pkg     string
	limit   time.Duration // three times what it took on two quiet processors, half a minute at least
	without []exception
}

// target is where test binaries run.
type target struct {
	name    string // what DARUMA_LAB says in there
	machine func(testing.TB) *lab.Machine
	build   []string // environment of go test -c
	flags   []string
	home    string // a folder in the machine
	exe     string
	join    string // between the names of a path

	bin, tests string // folders of the host with the programs that tests start, and with the test binaries
}

// programs are what tests start; their names in the folder that DARUMA_TEST_BINARIES names are those of their folders.
func programs() []string {
	return []string{"./internal/testprog", "./cmd/daruma", "./service/testdata/notified", "./examples/kardianos/logging",
		"./examples/kardianos/runner", "./examples/kardianos/stoppause", "./examples/moving/from-go-svc", "./examples/moving/from-x-sys-svc"}
}

// compiling are tests of kardianos/service that ask the compiler, which answers the same on every machine.
func compiling() []exception {
	var list []exception
	for _, test := range []string{"TestAPIIsTheOriginals", "TestExamplesCompile", "TestMovingAfter", "TestMovingByOneLine",
		"TestMovingBeforeXSys", "TestMovingTellsOfEveryOption"} {
		list = append(list, exception{test, "asks the compiler or reads the page, on the host"})
	}
	return list
}

// prepare makes the programs and the test binaries of all packages, because no machine has the go command: one go command for each,
// so that packages are loaded once and the processors are kept busy.
func (to *target) prepare(t *testing.T, dir string, list []suite) {
	t.Helper()
	to.bin, to.tests = t.TempDir(), t.TempDir()
	to.goCommand(t, dir, append([]string{"build", "-buildvcs=false", "-o", to.bin + "/"}, programs()...), "CGO_ENABLED=0")
	args := append([]string{"test", "-c", "-buildvcs=false", "-o", to.tests + "/"}, to.flags...)
	for _, s := range list {
		args = append(args, "./"+s.pkg)
	}
	to.goCommand(t, dir, args)
}

func (to *target) goCommand(t *testing.T, dir string, args []string, env ...string) {
	t.Helper()
	cmd := exec.Command("go", args...)
	cmd.Dir = dir
	cmd.Env = append(append(os.Environ(), to.build...), env...)
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, text)
	}
}

// outcome is how one test ended in the machine.
type outcome struct {
	test, result, output string // result: pass, fail, skip
	seconds              float64
}

// reason is what a skipped test said: its output without the lines that go test adds, and without file and line.
func (o outcome) reason() string {
	var words []string
	for line := range strings.Lines(o.output) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "===") || strings.HasPrefix(line, "---") {
			continue
		}
		if place, text, ok := strings.Cut(line, ": "); ok && strings.Contains(place, ".go:") {
			line = text
		}
		words = append(words, line)
	}
	return strings.Join(words, " ")
}

// root is the module's folder. Every Go file in it is looked at, so that go test doesn't take an earlier result from its cache when
// the code has changed that the binaries are built of.
func root(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	err = filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if e.IsDir() && strings.HasPrefix(e.Name(), ".") && path != dir {
			return filepath.SkipDir
		}
		if strings.HasSuffix(path, ".go") || strings.HasPrefix(e.Name(), "go.") || strings.Contains(path, "testdata") {
			_, err = os.Stat(path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// binary gives a package's test binary; "" where it has no tests on that system.
func (to *target) binary(pkg string) string {
	name := path.Base(pkg)
	file := filepath.Join(to.tests, name+".test"+to.exe)
	if !exists(file) {
		return ""
	}
	return file
}

// run runs a package's tests in a machine of their own.
func (to *target) run(t *testing.T, dir string, s suite) []outcome {
	t.Helper()
	pkg, limit := s.pkg, s.limit
	binary := to.binary(pkg)
	if binary == "" {
		t.Fatalf("./%s has no tests for %s: take it off the list", pkg, to.name)
	}
	m := to.machine(t)
	at := to.home + to.join + "src" + to.join + strings.ReplaceAll(pkg, "/", to.join)
	exe := to.home + to.join + "x" + to.exe
	m.Copy(binary, exe)
	if data := filepath.Join(dir, pkg, "testdata"); exists(data) {
		m.Copy(data, at+to.join+"testdata")
	}
	sources, _ := filepath.Glob(filepath.Join(dir, pkg, "*.go"))
	for _, source := range sources { // which some tests read
		m.Copy(source, at+to.join+filepath.Base(source))
	}
	m.Copy(to.bin, to.home+to.join+"bin")
	for _, beside := range []string{"docs", "examples/kardianos", "examples/moving"} { // tests hold pages and code together
		m.Copy(filepath.Join(dir, beside), to.home+to.join+"src"+to.join+strings.ReplaceAll(beside, "/", to.join))
	}
	m.Write(at+to.join+"lab.txt", "The tests of ./"+pkg+" run here.\n", 0o644)
	ctx, cancel := context.WithTimeoutCause(t.Context(), limit, fmt.Errorf("the tests of ./%s took longer than %v", pkg, limit))
	defer cancel()
	r, err := m.RunCommand(ctx, lab.Command{
		Path: exe, Dir: at, Env: []string{"DARUMA_LAB=" + to.name, "DARUMA_TEST_BINARIES=" + to.home + to.join + "bin"},
		Args: []string{"-test.v=test2json", "-test.timeout=" + (limit - 10*time.Second).String(), "-test.skip=" + pattern(s.without)},
	})
	if err != nil {
		t.Errorf("%v\n%s%s", err, r.Stdout, r.Stderr)
	}
	list := parse(t, r.Stdout)
	bad := slices.ContainsFunc(list, func(o outcome) bool { return o.result == "fail" })
	if i := bytes.Index(r.Stderr, []byte("panic: ")); i >= 0 {
		t.Errorf("the tests ended early:\n%.4000s", r.Stderr[i:])
	} else if r.ExitCode != 0 && !bad {
		t.Errorf("exit code %d, and no test says why:\n%s%s", r.ExitCode, tail(r.Stdout), tail(r.Stderr))
	}
	if len(list) == 0 {
		t.Errorf("no test of ./%s ran in the machine:\n%s%s", pkg, tail(r.Stdout), tail(r.Stderr))
	}
	return list
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func tail(b []byte) []byte { return b[max(0, len(b)-4000):] }

// parse takes the outcome of every test out of a binary's output, by the tool that go test -json uses.
func parse(t *testing.T, output []byte) []outcome {
	t.Helper()
	cmd := exec.Command("go", "tool", "test2json", "-t") // -t: with how long each took
	cmd.Stdin = bytes.NewReader(output)
	text, err := cmd.Output()
	if err != nil {
		t.Fatalf("go tool test2json: %v", err)
	}
	said := map[string]string{}
	var list []outcome
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var e struct {
			Action, Test, Output string
			Elapsed              float64
		}
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			t.Fatal(err)
		}
		switch {
		case e.Test == "":
		case e.Action == "output":
			said[e.Test] += e.Output
		case e.Action == "pass" || e.Action == "fail" || e.Action == "skip":
			list = append(list, outcome{e.Test, e.Action, said[e.Test], e.Elapsed})
		}
	}
	return list
}
