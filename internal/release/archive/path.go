package archive

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxPath is how long a path may be, in bytes, and each name in it: what every file system of Linux and Windows takes.
const (
	maxPath = 1024
	maxName = 255
)

// CheckPath says what is wrong with the path of a file in a package for this operating system ("linux", "windows"); nil: nothing. It leads
// into the release's folder and to nothing else: no absolute path, no "..", no drive, no stream of a file (name:stream), no device of
// Windows, no name that Windows takes for another (by a dot or a blank at its end).
func CheckPath(path, system string) error {
	switch {
	case path == "":
		return fmt.Errorf("a file has no path")
	case len(path) > maxPath || !utf8.ValidString(path):
		return fmt.Errorf("the path %.80q is too long, or no text in UTF-8", path)
	case strings.ContainsAny(path, `\:`):
		return fmt.Errorf(`the path %q has a \ or a colon, which Windows reads in its own way: rename it`, path)
	case strings.ContainsFunc(path, func(r rune) bool { return !unicode.IsGraphic(r) }):
		return fmt.Errorf("the path %q has a character that can't be seen: rename it", path)
	case strings.EqualFold(path, ManifestName):
		return fmt.Errorf("%s is the manifest's own name: rename or remove it", path)
	}
	for name := range strings.SplitSeq(path, "/") {
		if err := checkName(path, name, system); err != nil {
			return err
		}
	}
	return nil
}

func checkName(path, name, system string) error {
	switch {
	case name == "" || name == "." || name == "..":
		return fmt.Errorf("the path %q doesn't lead into the release's folder by plain names", path)
	case len(name) > maxName:
		return fmt.Errorf("the path %.80q… has a name of more than %d bytes", path, maxName)
	case system != "windows":
		return nil
	case strings.ContainsAny(name, `<>"|?*`):
		return fmt.Errorf(`the path %q has one of < > " | ? *, which no file of Windows has in its name`, path)
	case strings.HasSuffix(name, ".") || strings.HasSuffix(name, " "):
		return fmt.Errorf("the path %q has a name with a dot or a blank at its end, which Windows leaves out", path)
	case reserved(name):
		return fmt.Errorf("the path %q has the name of a device of Windows", path)
	}
	return nil
}

// reserved tells whether Windows opens a device instead of a file of this name, whatever its extension, in any folder.
// Source: https://learn.microsoft.com/windows/win32/fileio/naming-a-file
func reserved(name string) bool {
	base, _, _ := strings.Cut(strings.ToLower(name), ".")
	base = strings.TrimRight(base, " ")
	switch base {
	case "con", "prn", "aux", "nul", "conin$", "conout$":
		return true
	}
	for _, port := range []string{"com", "lpt"} {
		if number, found := strings.CutPrefix(base, port); found {
			return len([]rune(number)) == 1 && strings.ContainsAny(number, "0123456789¹²³")
		}
	}
	return false
}

// pathSet finds files that would be in each other's place: a file where another needs a folder, and on Windows, whose file systems don't
// tell cases apart, what differs in its case alone.
type pathSet struct {
	fold bool
	seen map[string]entry // by the folded path
}

type entry struct {
	path   string // as it is written
	folder bool
}

func newPathSet(system string) *pathSet {
	return &pathSet{fold: system == "windows", seen: map[string]entry{}}
}

func (s *pathSet) add(path string) error {
	for end := 0; end < len(path); {
		next := strings.IndexByte(path[end:], '/')
		folder := next >= 0
		part := path
		if folder {
			part = path[:end+next]
		}
		end = len(part) + 1
		key := part
		if s.fold {
			key = strings.ToLower(strings.ToUpper(part)) // upper case first, as NTFS compares
		}
		before, found := s.seen[key]
		switch {
		case !found:
			s.seen[key] = entry{part, folder}
		case before.path != part:
			return fmt.Errorf("%q and %q differ in their case alone, and are one file on Windows", before.path, part)
		case !before.folder || !folder:
			return fmt.Errorf("%q is a file and a folder", part)
		}
	}
	return nil
}
