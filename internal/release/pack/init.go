package pack

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
)

func lineOf(text []byte, at int) string {
	return strconv.Itoa(1 + bytes.Count(text[:at], []byte("\n")))
}

// Init writes a first definition into a folder that has none, with a program for each executable of bin/ (or of the folder itself), and the
// folders bin/ and conf/. It gives what it made. A definition that is there is [ErrNotEmpty].
func Init(dir string) ([]string, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	file := filepath.Join(dir, "daruma.yaml")
	if _, err := os.Lstat(file); !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s %w: daruma pack %s --version 1.0.0 packs it", file, ErrNotEmpty, dir)
	}
	programs, err := executables(dir)
	if err != nil {
		return nil, err
	}
	var made []string
	for _, folder := range []string{"bin", "conf"} {
		switch err := os.Mkdir(filepath.Join(dir, folder), 0o755); {
		case err == nil:
			made = append(made, folder+"/")
		case !errors.Is(err, fs.ErrExist):
			return made, err
		}
	}
	if err := os.WriteFile(file, firstDefinition(serviceName(filepath.Base(abs)), programs), 0o644); err != nil {
		return made, err
	}
	return append(made, "daruma.yaml"), nil
}

// executables lists those of bin/, or of the folder itself where bin/ has none.
func executables(dir string) ([]string, error) {
	for _, folder := range []string{"bin", "."} {
		entries, err := os.ReadDir(filepath.Join(dir, folder))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		var list []string
		for _, e := range entries {
			info, err := e.Info()
			if err != nil || !info.Mode().IsRegular() {
				continue
			}
			executable := info.Mode()&0o111 != 0
			if runtime.GOOS == "windows" {
				executable = strings.EqualFold(filepath.Ext(e.Name()), ".exe")
			}
			if executable {
				list = append(list, strings.TrimPrefix(folder+"/"+e.Name(), "./"))
			}
		}
		if len(list) > 0 {
			return list, nil
		}
	}
	return nil, nil
}

// serviceName makes a name of a service from any other.
func serviceName(name string) string {
	name = strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, strings.ToLower(name))
	if name = strings.Trim(name[:min(len(name), 63)], "-"); name == "" {
		return "service"
	}
	return name
}

// scalar writes a name in quotes where YAML would take it for a number or a truth value.
func scalar(name string) string {
	switch name {
	case "true", "false", "null", "yes", "no", "on", "off", "y", "n":
		return strconv.Quote(name)
	}
	if name[0] < 'a' {
		return strconv.Quote(name)
	}
	return name
}

func firstDefinition(name string, programs []string) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "# What is to run. daruma check says what is wrong with it; daruma help definition shows every field.\n")
	fmt.Fprintf(&b, "# Paths start at this file's folder, which is the release's own once it is deployed.\nname: %s\nprograms:\n", scalar(name))
	if len(programs) == 0 {
		programs = []string{"bin/" + name}
	}
	named := map[string]bool{"daruma": true} // which no program may be called
	for _, p := range programs {
		base := filepath.Base(p)
		program := serviceName(strings.TrimSuffix(base, filepath.Ext(base)))
		if named[program] {
			continue
		}
		named[program] = true
		command := p
		if !strings.Contains(p, "/") {
			command = "./" + p
		}
		fmt.Fprintf(&b, "  %s:\n    command: [%s]\n", scalar(program), strconv.Quote(command))
		b.WriteString("    # readinessProbe: {httpGet: {path: /health, port: 8080}}   # a deploy waits for it, and goes back where it fails\n")
	}
	return []byte(b.String())
}
