package startfailure

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/daruma-sh/daruma/internal/launch"
	"github.com/daruma-sh/daruma/internal/safefile"
)

// causes are the error numbers that are explained.
func causes() []syscall.Errno {
	return []syscall.Errno{unix.ENOENT, unix.EACCES, unix.ENOEXEC, unix.E2BIG, unix.EPERM, unix.ETXTBSY, unix.ENOTDIR}
}

// explain says what is behind the error number of execve, or of a start without the launcher, where it may be a step before that. "": it
// isn't known.
func explain(p *launch.Plan, errno syscall.Errno) string {
	switch errno {
	case unix.ENOENT, unix.ENOTDIR:
		return missing(p)
	case unix.EACCES:
		return notAllowed(p)
	case unix.ENOEXEC:
		return unknownFormat(p.Path, readStart(p))
	case unix.E2BIG:
		return tooLong(p)
	case unix.EPERM:
		return notPermitted(p)
	case unix.ETXTBSY:
		return "somebody has the file open for writing: is it still being copied? Copy to another name, and rename (mv)"
	}
	return ""
}

// explainFolder says why the launcher couldn't enter the program's folder.
func explainFolder(p *launch.Plan, errno syscall.Errno) string {
	if errno == unix.EACCES {
		return whoOf(p).closedFolder(p.Dir)
	}
	return ""
}

func readStart(p *launch.Plan) start {
	data, err := safefile.ReadStart(p.Path, maxStart, whoOf(p).uid)
	if err != nil {
		return start{}
	}
	return startOf(data)
}

// missing: everything that the plan names was there a moment ago; so it is what the executable names.
func missing(p *launch.Plan) string {
	if _, err := os.Stat(p.Dir); p.Dir != "" && gone(err) {
		return "its workingDir " + p.Dir + " isn't there"
	}
	if _, err := os.Stat(p.Path); gone(err) {
		return "there is no such file"
	}
	s := readStart(p)
	if path := s.interpreter(); path != "" {
		_, err := os.Stat(path)
		switch {
		case s.crlf && path == s.script: // else the CR is an argument's
			return fmt.Sprintf("its lines end with CR LF, as those of Windows do, so that the kernel looks for an interpreter %q: "+
				"convert it (sed -i 's/\\r$//' %s)", path+"\r", p.Path)
		case gone(err):
			return "its first line names the interpreter " + path + ", which isn't there: install it, or change that line"
		}
		return "the interpreter " + path + " that its first line names can't be started: " + missingLoader(path, whoOf(p).uid)
	}
	return missingLoader(p.Path, whoOf(p).uid)
}

func gone(err error) bool { return errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ENOTDIR) }

// missingLoader says that an ELF file's loader isn't there, or "".
func missingLoader(path string, owner int) string {
	data, err := safefile.ReadStart(path, maxStart, owner)
	if err != nil {
		return ""
	}
	e, is := parseELF(data)
	if !is || e.loader == "" {
		return ""
	}
	if _, err := os.Stat(e.loader); !gone(err) {
		return ""
	}
	why := "its loader " + e.loader + " isn't there"
	switch {
	case e.machine != nativeMachine():
		return why + fmt.Sprintf(": it was built for %s, and this machine is %s", machineName(e.machine), machineName(nativeMachine()))
	case strings.Contains(e.loader, "ld-musl"):
		return why + ": it was built for a system with the C library musl, as Alpine is; take a build for glibc, or a static one"
	}
	return why + ": it was built for another C library than this system has; take a build for this system, or a static one"
}

// unknownFormat says what the kernel doesn't know how to execute.
func unknownFormat(path string, s start) string {
	const shell = "begin it with a line #!/bin/sh (or another interpreter), or name the interpreter in the command: [sh, %s]"
	switch e, isELF := parseELF(s.bytes); {
	case len(s.bytes) == 0:
		if info, err := os.Stat(path); err == nil && info.Size() == 0 {
			return "the file is empty"
		}
		return ""
	case isELF && e.machine != nativeMachine():
		return fmt.Sprintf("it was built for %s, and this machine is %s: take a build for this one", machineName(e.machine), machineName(nativeMachine()))
	case isELF:
		return "it is damaged, or no program (an object file or a core dump): the kernel can't execute it"
	case strings.HasPrefix(string(s.bytes), "MZ"):
		return "it is a program for Windows"
	case strings.HasPrefix(string(s.bytes), byteOrderMark+"#!"):
		return "there is a byte order mark (BOM) before its #!, so that the kernel doesn't see it: save it as UTF-8 without one"
	case strings.HasPrefix(string(s.bytes), "#!"):
		return "its first line, behind #!, names no interpreter"
	case s.isBinary():
		return "it is no program of a format that this system knows"
	}
	return "it is a script without an interpreter in its first line: " + fmt.Sprintf(shell, path)
}

// notPermitted: only who changes users and groups gets EPERM before exec.
func notPermitted(p *launch.Plan) string {
	if os.Geteuid() == 0 || p.UID == launch.Leave && p.GID == launch.Leave && !p.SetGroups {
		return ""
	}
	own := userText(os.Geteuid())
	if p.UID == launch.Leave || p.UID == os.Geteuid() {
		return fmt.Sprintf("daruma runs as user %s, and only root can give a program other groups than daruma has "+
			"(who was added to a group has it from the next login on)", own)
	}
	return fmt.Sprintf("daruma runs as user %s, and only root can start a program as another user, %s: remove runAsUser, or run daruma as root", own, userText(p.UID))
}

// tooLong names what is long: the kernel takes 32 pages for one string, and a quarter of the stack's limit for all (execve(2)).
func tooLong(p *launch.Plan) string {
	const maxString = 32 * 4096 // MAX_ARG_STRLEN; pages are larger on few machines
	total, longest, name := 0, 0, ""
	measure := func(length int, what func() string) {
		total += length + 1
		if length > longest {
			longest, name = length, what()
		}
	}
	for _, v := range p.Env {
		measure(len(v), func() string { v, _, _ := strings.Cut(v, "="); return "the variable " + v })
	}
	for i, a := range p.Argv {
		measure(len(a), func() string { return fmt.Sprintf("argument %d", i) })
	}
	if longest >= maxString {
		return fmt.Sprintf("%s has %d bytes, and the kernel takes less than %d for one argument or variable: put it into a file", name, longest, maxString)
	}
	return fmt.Sprintf("arguments and environment have %d bytes together, more than the kernel takes; the longest is %s with %d bytes: put it into a file",
		total, name, longest)
}

// who is whom a program runs as.
type who struct {
	uid  int
	gids []int
}

func whoOf(p *launch.Plan) who {
	w := who{uid: p.UID, gids: append([]int{p.GID}, p.Groups...)}
	if p.UID == launch.Leave {
		w.uid = os.Geteuid()
	}
	if p.GID == launch.Leave {
		w.gids[0] = os.Getegid()
	}
	if !p.SetGroups {
		own, _ := os.Getgroups()
		w.gids = append(w.gids, own...)
	}
	return w
}

// may goes by the mode bits, of which exactly one triple counts (path_resolution(7)). Root may enter every folder, and execute what somebody may.
func (w who) may(info fs.FileInfo, need fs.FileMode) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	perm := info.Mode().Perm()
	if !ok || w.uid == 0 {
		return info.IsDir() || perm&0o111 != 0
	}
	switch {
	case int(st.Uid) == w.uid:
		perm >>= 6
	case slices.Contains(w.gids, int(st.Gid)):
		perm >>= 3
	}
	return perm&need != 0
}

// closedFolder gives the first folder on the way into dir that the user may not enter, with what to do, or "".
func (w who) closedFolder(dir string) string {
	ways := []string{dir}
	if real, err := filepath.EvalSymlinks(dir); err == nil && real != dir {
		ways = append(ways, real)
	}
	for _, way := range ways {
		at := "/"
		for _, name := range append([]string{""}, strings.Split(way, "/")...) {
			at = filepath.Join(at, name)
			if info, err := os.Stat(at); err == nil && info.IsDir() && !w.may(info, 1) {
				return fmt.Sprintf("user %s may not enter the folder %s: let him (chmod o+x %s, or a group), or use another", userText(w.uid), at, at)
			}
		}
	}
	return ""
}

// notAllowed looks at all that execve needs a right for.
func notAllowed(p *launch.Plan) string {
	w := whoOf(p)
	if why := w.closedFolder(p.Dir); p.Dir != "" && why != "" {
		return "its workingDir is " + p.Dir + ", and " + why
	}
	s := readStart(p)
	for i, path := range []string{p.Path, s.interpreter()} {
		if path == "" || path[0] != '/' {
			continue
		}
		what := ""
		if i == 1 {
			what = "its first line names the interpreter " + path + ": "
		}
		if why := w.mayNotExecute(path); why != "" {
			return what + why
		}
	}
	return "no mode of a file or folder forbids it: look for an access list (getfacl), and for AppArmor or SELinux in journalctl -k"
}

// mayNotExecute says why the user may not execute a file, or "".
func (w who) mayNotExecute(path string) string {
	if why := w.closedFolder(filepath.Dir(path)); why != "" {
		return why
	}
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return ""
	case info.IsDir():
		return "it is a folder"
	case !w.may(info, 1):
		return fmt.Sprintf("user %s may not execute %s (%s): chmod o+x %s", userText(w.uid), path, info.Mode(), path)
	}
	var fsInfo unix.Statfs_t
	if err := unix.Statfs(path, &fsInfo); err == nil && fsInfo.Flags&unix.ST_NOEXEC != 0 {
		return "it is on a file system that is mounted noexec, from which nothing can be executed (findmnt -T " + path + ")"
	}
	return ""
}

// userText is "www-data (33)", or the number alone.
func userText(uid int) string {
	number := fmt.Sprint(uid)
	if u, err := launch.LookupUser(number); err == nil && u.Name != "" && u.UID == uid {
		return u.Name + " (" + number + ")"
	}
	return number
}
