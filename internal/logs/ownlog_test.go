package logs

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

func TestOwnLogRotatesAndIsReadByName(t *testing.T) {
	dir := t.TempDir()
	var want strings.Builder
	for range 3 { // opened again and again
		f, err := NewFile(filepath.Join(dir, Own+".log"), Settings{MaxSize: 1000, MaxFiles: 100})
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
	sameBytes(t, stored(t, dir, Own), []byte(want.String()))
	sameBytes(t, []byte(texts(readAll(t, dir, Query{Programs: []string{Own}}))), []byte(want.String()))
	if names, err := Programs(dir); err != nil || len(names) != 0 {
		t.Errorf("%v, %v", names, err)
	}
	if h, _ := scan(dir); len(h[Own].files) != 2 {
		t.Errorf("%d rotated files of 1000 bytes, want 2 for %d bytes", len(h[Own].files), want.Len())
	}
	b := newBench(t, Options{})
	if _, err := b.store.Program(Own, Settings{}); err == nil {
		t.Error("a program could write to daruma's own log")
	}
}
