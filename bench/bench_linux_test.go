package main

import (
	"bytes"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/daruma-sh/daruma/internal/testprog/testbin"
)

// TestCountLines: what the log case reports must be what was lost, doubled or torn, for the lines that testprog writes.
func TestCountLines(t *testing.T) {
	out, err := exec.Command(testbin.Path(t), "flood", "-n", "1000", "-size", "120").Output()
	if err != nil {
		t.Fatal(err)
	}
	line := func(i int) string { return string(out[i*lineSize : (i+1)*lineSize]) }
	torn := line(5)[:60] + "\n" + line(5)[60:]
	prefixed := "2026-01-01T00:00:00Z [p0] " + line(7)
	object := `{"message":"` + strings.TrimSuffix(line(8), "\n") + `","stream":"out"}` + "\n"
	cases := []struct {
		name, text     string
		found, doubled int64
	}{
		{"all", string(out), 1000, 0},
		{"one lost", string(out[lineSize:]), 999, 0},
		{"one doubled", string(out) + line(3), 1000, 1},
		{"torn", line(4) + torn + line(6), 2, 0},
		{"changed", strings.Replace(line(4), "daruma", "durama", 1), 0, 0},
		{"with a prefix", prefixed, 1, 0},
		{"as JSON", object, 1, 0},
		{"cut off at the end", string(out[:len(out)-2]), 999, 0},
	}
	for _, c := range cases {
		found, doubled := countLines(strings.NewReader(c.text), make([]bool, 1000))
		if found != c.found || doubled != c.doubled {
			t.Errorf("%s: found %d, doubled %d; want %d, %d", c.name, found, doubled, c.found, c.doubled)
		}
	}
	if long := bytes.Repeat([]byte("x"), 5<<20); true {
		found, _ := countLines(strings.NewReader(string(long)+"\n"+line(1)), make([]bool, 1000))
		if found != 1 {
			t.Errorf("after a line longer than the buffer: found %d", found)
		}
	}
}

func TestTable(t *testing.T) {
	table := table{columns: []string{"median", "p99"}, ratio: true}
	table.add("bare", 2, "", "2.00", "3.00")
	table.add("daruma", 3, "why", "3.00", "4.00")
	table.fail("gone", errNoStart)
	want := "| peer | median | p99 | × bare | note |\n| --- | --- | --- | --- | --- |\n" +
		"| bare | 2.00 | 3.00 | 1.00 |  |\n| daruma | 3.00 | 4.00 | 1.50 | why |\n| gone | – | – | – | no program started in time |\n"
	if got := table.markdown(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestQuantile(t *testing.T) {
	var values []float64
	for i := 300; i > 0; i-- {
		values = append(values, float64(i))
	}
	if m, p := median(values), quantile(values, 0.99); m != 151 || p != 298 {
		t.Errorf("median %v, p99 %v", m, p)
	}
	if quantile(nil, 0.5) != 0 || quantile([]float64{7}, 0.99) != 7 {
		t.Error("none or one")
	}
}

// TestProcesses looks at a shell with a child, in a folder of its own.
func TestProcesses(t *testing.T) {
	dir := t.TempDir()
	cmd := exec.Command("sh", "-c", "cd /; sleep 1000 & echo $!; wait")
	cmd.Env = append(os.Environ(), "BENCH_DIR="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 32)
	if _, err := out.Read(buf); err != nil {
		t.Fatal(err)
	}
	pids := tree(cmd.Process.Pid)
	if len(pids) != 2 || !slices.Contains(pids, cmd.Process.Pid) {
		t.Errorf("tree: %v", pids)
	}
	if got := belonging(dir); len(got) != 2 {
		t.Errorf("belonging: %v", got)
	}
	if mib := pss(pids); mib < 0.05 || mib > 50 {
		t.Errorf("PSS: %v MiB", mib)
	}
	if used := cpu(pids); used <= 0 || used > time.Minute {
		t.Errorf("CPU: %v", used)
	}
	if _, err := waitGone(pids, 20*time.Millisecond); err == nil {
		t.Error("they are said to be gone, but run")
	}
	for _, pid := range pids {
		p, err := os.FindProcess(pid)
		if err != nil {
			t.Fatal(err)
		}
		p.Kill()
	}
	if _, err := waitGone(pids, 10*time.Second); err != nil {
		t.Error(err)
	}
	cmd.Wait()
}

// TestRestartCase runs a small case of the real thing on bare.
func TestRestartCase(t *testing.T) {
	tools, err := build(t.TempDir(), "", false)
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{tools: tools, peers: []*peer{barePeer()}, kills: 5, uptime: time.Millisecond}
	table, err := restartCase(b)
	if err != nil {
		t.Fatal(err)
	}
	if len(table.rows) != 1 || table.rows[0].note != "" || table.rows[0].first <= 0 || table.rows[0].cells[2] != "5" {
		t.Errorf("got %+v", table.rows)
	}
	if left := belonging(tools.dir); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}
