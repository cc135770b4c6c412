package doctor

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/daruma-sh/daruma/internal/access"
	"github.com/daruma-sh/daruma/internal/version"
)

// Itself looks over daruma's own installation: which file this is and of what version, whether PATH finds it and no other, and whether
// only administrators can change it. Nothing of it is a failure: a daruma in a folder of one's own runs programs well, and only services
// need more.
func Itself() []Finding {
	executable, err := os.Executable()
	if err != nil {
		return []Finding{{Check: "file", Level: Skip, Text: fmt.Sprintf("where daruma's own file is isn't known: %v", err)}}
	}
	return itself(executable, os.Getenv("PATH"), access.Exposed)
}

// itself is Itself for an executable and a PATH; exposed says who else could change a file.
func itself(executable, path string, exposed func(string) error) []Finding {
	s := &subject{check: "file"}
	s.ok("%s is daruma %s", executable, version.Read())
	s.check = "path"
	s.inPath(executable, path)
	s.check = "access"
	before := len(s.findings)
	if s.safe("daruma", exposed(executable)) {
		s.ok("only administrators can change it")
	}
	for i := before; i < len(s.findings); i++ {
		if f := &s.findings[i]; f.Level == Fail {
			f.Level, f.Text = Warn, f.Text+". Services can't be installed from it"
		}
	}
	return s.findings
}

// inPath looks for executables of daruma's name in the folders of PATH. Two are one too many: after an upgrade of the one the
// terminal would still run the other.
func (s *subject) inPath(executable, path string) {
	own, err := os.Stat(executable)
	if err != nil {
		s.skip("%v", err)
		return
	}
	var others []string
	first := false
	for _, file := range darumasIn(path) {
		info, err := os.Stat(file)
		switch {
		case err != nil: // gone since
		case os.SameFile(info, own):
			first = first || len(others) == 0
		default:
			others = append(others, file)
		}
	}
	switch {
	case first && len(others) == 0:
		s.ok("PATH finds it, and no other")
	case first:
		s.add(Warn, "PATH has another daruma behind this one: "+strings.Join(others, ", "), "remove the one that isn't upgraded")
	case len(others) > 0:
		s.add(Warn, "a terminal runs another daruma: PATH finds "+others[0]+" first", "remove one of them, or put "+filepath.Dir(executable)+" before "+filepath.Dir(others[0])+" in PATH")
	default:
		s.add(Warn, "PATH doesn't find it", "add "+filepath.Dir(executable)+" to PATH, or call it by its whole path")
	}
}

// darumasIn gives the files of PATH's folders that a terminal would run as daruma, in its order.
func darumasIn(path string) []string {
	var found []string
	for _, folder := range filepath.SplitList(path) {
		if !filepath.IsAbs(folder) {
			continue // one of the current folder, which is another in each terminal
		}
		file := filepath.Join(folder, "daruma")
		if runtime.GOOS == "windows" {
			file += ".exe"
		}
		info, err := os.Stat(file)
		if err != nil || !info.Mode().IsRegular() || runtime.GOOS != "windows" && info.Mode()&0o111 == 0 {
			continue
		}
		found = append(found, file)
	}
	return found
}
