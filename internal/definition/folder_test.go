package definition

import (
	"path/filepath"
	"testing"
)

// TestFolder: relative paths start from it wherever it stands in the file, and all programs are restarted where it changes.
func TestFolder(t *testing.T) {
	parse := func(text string) *Service {
		t.Helper()
		s, err := Parse([]byte(text), filepath.Join(t.TempDir(), "daruma.yaml"), nil)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	const programs = "name: shop\nprograms: {api: {command: [bin/server], workingDir: sub, envFiles: [conf/a.env]}}\n"
	s := parse(programs + "folder: releases/1.4.0\n")
	dir := filepath.Join(filepath.Dir(s.File), "releases", "1.4.0")
	if p := s.Program("api"); s.Dir != dir || p.WorkingDir != filepath.Join(dir, "sub") || p.EnvFiles[0] != filepath.Join(dir, "conf", "a.env") {
		t.Errorf("%q: %+v", s.Dir, s.Program("api"))
	}
	if p := parse(programs); p.Dir != filepath.Dir(p.File) {
		t.Errorf("%q", p.Dir)
	}
	next := *s
	next.Dir += "x"
	if c := Changed(s, &next); len(c.Restarted) != 1 {
		t.Errorf("%+v", c)
	}
	for _, wrong := range []string{"folder: [a]\n", "folder: {a: b}\n", "folder: ''\n", "folder: \"a\\tb\"\n"} {
		if _, err := Parse([]byte(programs+wrong), "daruma.yaml", nil); err == nil {
			t.Errorf("%q is taken", wrong)
		}
	}
}
