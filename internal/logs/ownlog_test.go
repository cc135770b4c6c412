package logs

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/daruma-sh/daruma/internal/logs/logfile"
	"github.com/daruma-sh/daruma/internal/logs/logread"
)

func TestOwnLogRotatesAndIsReadByName(t *testing.T) {
	dir := t.TempDir()
	var want strings.Builder
	for range 3 { // opened again and again
		f, err := logfile.NewWriter(filepath.Join(dir, logfile.Own+".log"), logfile.Settings{MaxSize: 1000, MaxFiles: 100})
		if err != nil {
			t.Fatal(err)
		}
		for i := range 100 {
			line := fmt.Sprintf("line %d\n", i)
			if n, err := f.Write([]byte(line)); n != len(line) || err != nil {
				t.Fatal(n, err)
			}
			want.WriteString(line)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	sameBytes(t, stored(t, dir, logfile.Own), []byte(want.String()))
	sameBytes(t, []byte(texts(readAll(t, dir, logread.Query{Programs: []string{logfile.Own}}))), []byte(want.String()))
	if names, err := logread.Programs(dir); err != nil || len(names) != 0 {
		t.Errorf("%v, %v", names, err)
	}
	if h, _ := logfile.Scan(dir); len(h[logfile.Own].Files) != 2 {
		t.Errorf("%d rotated files of 1000 bytes, want 2 for %d bytes", len(h[logfile.Own].Files), want.Len())
	}
	b := newBench(t, Options{})
	if _, err := b.store.Program(logfile.Own, logfile.Settings{}); err == nil {
		t.Error("a program could write to daruma's own log")
	}
}
