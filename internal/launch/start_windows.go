package launch

import (
	"errors"
	"path/filepath"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/windows"
)

// Attachments are what a program is started with beyond its plan: things that belong to the keeper.
type Attachments struct {
	Stdio  [3]windows.Handle // inheritable; the same one may stand twice
	Extra  []windows.Handle  // further inheritable handles, which keep their values in the child
	Job    windows.Handle    // the process is born in it; 0: in the job of this process, if it has one
	Flags  uint32            // process creation flags, such as CREATE_NO_WINDOW
	Listen []windows.Handle  // must be empty: there is no LISTEN_FDS on Windows
}

// Child is a started process. Both its handle and its pid are the process' for as long as the handle is open: Windows
// gives a pid to no other process before.
type Child struct {
	Handle windows.Handle
	PID    int
}

// Start starts the program. On an error no process is left, and it is an [*Error] that names the step.
//
// The process is put into its job by CreateProcess itself (PROC_THREAD_ATTRIBUTE_JOB_LIST): put into it a moment later,
// it could have started children outside already. It inherits the handles named in with and no other
// (PROC_THREAD_ATTRIBUTE_HANDLE_LIST), whatever inheritable handles this process has.
// Source: https://learn.microsoft.com/windows/win32/api/processthreadsapi/nf-processthreadsapi-updateprocthreadattribute
func Start(p Plan, with Attachments) (Child, error) {
	if err := p.startable(with); err != nil {
		return Child{}, err
	}
	application, line, err := commandLine(p.Path, p.Argv)
	if err != nil {
		return Child{}, err
	}
	return create(application, line, p.Dir, environmentBlock(p.Env), with)
}

// startable gives an error where the plan asks for what Windows has no counterpart of.
func (p *Plan) startable(with Attachments) error {
	if err := p.Check(); err != nil {
		return err
	}
	switch {
	case len(p.ListenNames) > 0 || len(with.Listen) > 0:
		return unsupported("handing over listening sockets (listen)")
	case p.UID != Leave || p.GID != Leave || p.SetGroups:
		return unsupported("running as another user (securityContext.runAsUser and its like); set the service's account")
	case len(p.AddCaps) > 0 || len(p.DropCaps) > 0 || p.NoNewPrivs:
		return unsupported("securityContext.capabilities and allowPrivilegeEscalation")
	case len(p.Rlimits) > 0:
		return unsupported("resources.rlimits")
	case p.Umask != nil:
		return unsupported("umask")
	}
	return nil
}

// create calls CreateProcess.
func create(application, line, dir string, env []uint16, with Attachments) (Child, error) {
	attributes, err := attributeList(&with)
	if err != nil {
		return Child{}, err
	}
	defer attributes.Delete()
	si := &windows.StartupInfoEx{ProcThreadAttributeList: attributes.List()}
	si.Cb = uint32(unsafe.Sizeof(*si))
	si.Flags = windows.STARTF_USESTDHANDLES
	si.StdInput, si.StdOutput, si.StdErr = with.Stdio[0], with.Stdio[1], with.Stdio[2]
	app, err := windows.UTF16PtrFromString(application)
	if err != nil {
		return Child{}, planError("the executable's path contains a NUL")
	}
	text, err := windows.UTF16FromString(line)
	if err != nil {
		return Child{}, planError("an argument contains a NUL")
	}
	if len(text) > maxCommandLine {
		return Child{}, planError("the command line is longer than the 32,767 characters that CreateProcess takes")
	}
	var folder *uint16
	if dir != "" {
		if folder, err = windows.UTF16PtrFromString(dir); err != nil {
			return Child{}, planError("the working folder contains a NUL")
		}
	}
	var pi windows.ProcessInformation
	flags := with.Flags | windows.CREATE_UNICODE_ENVIRONMENT | windows.EXTENDED_STARTUPINFO_PRESENT
	// Inheritance without a list would hand over every inheritable handle there is.
	inherit := len(with.handles()) > 0
	if err := windows.CreateProcess(app, &text[0], nil, nil, inherit, flags, &env[0], folder, &si.StartupInfo, &pi); err != nil {
		return Child{}, &Error{Step: StartingStep + application, Errno: errnoOf(err)}
	}
	windows.CloseHandle(pi.Thread)
	return Child{Handle: pi.Process, PID: int(pi.ProcessId)}, nil
}

const maxCommandLine = 32767

func attributeList(with *Attachments) (*windows.ProcThreadAttributeListContainer, error) {
	list, err := windows.NewProcThreadAttributeList(2)
	if err != nil {
		return nil, &Error{Step: "preparing the start of a process", Errno: errnoOf(err)}
	}
	handles := with.handles()
	if len(handles) > 0 {
		err = list.Update(windows.PROC_THREAD_ATTRIBUTE_HANDLE_LIST, unsafe.Pointer(&handles[0]), uintptr(len(handles))*unsafe.Sizeof(handles[0]))
	}
	if err == nil && with.Job != 0 {
		const jobList = 0x0002000D // PROC_THREAD_ATTRIBUTE_JOB_LIST, Windows 10 and Server 2016 or later
		err = list.Update(jobList, unsafe.Pointer(&with.Job), unsafe.Sizeof(with.Job))
	}
	if err != nil {
		list.Delete()
		return nil, &Error{Step: "preparing the start of a process", Errno: errnoOf(err)}
	}
	return list, nil
}

// handles are those to inherit, each once: one that stands in the list twice makes CreateProcess fail.
func (with *Attachments) handles() []windows.Handle {
	var handles []windows.Handle
	for _, list := range [][]windows.Handle{with.Stdio[:], with.Extra} {
		for _, h := range list {
			if h != 0 && !contains(handles, h) {
				handles = append(handles, h)
			}
		}
	}
	return handles
}

func contains(list []windows.Handle, h windows.Handle) bool {
	for _, have := range list {
		if have == h {
			return true
		}
	}
	return false
}

// environmentBlock is CreateProcess' form of an environment: NAME=value strings, each ended by a zero, and one more zero.
// Microsoft asks the caller to sort it; no Windows since XP needs that, and Go's runtime doesn't do it either.
func environmentBlock(env []string) []uint16 {
	var block []uint16
	for _, v := range env {
		if v != "" {
			if text, err := windows.UTF16FromString(v); err == nil { // the plan's check found no NUL in it
				block = append(block, text...)
			}
		}
	}
	if len(block) == 0 {
		block = append(block, 0)
	}
	return append(block, 0)
}

// commandLine gives CreateProcess' application name and command line. A batch file is run by cmd.exe, as CreateProcess
// itself would, but quoted for cmd.exe: see batchLine.
func commandLine(path string, argv []string) (application, line string, err error) {
	switch strings.ToLower(filepath.Ext(strings.TrimRight(path, ". "))) { // trailing dots and blanks are dropped when a file is opened
	case ".bat", ".cmd":
		return batchLine(path, argv)
	}
	if strings.EqualFold(filepath.Base(path), "cmd.exe") {
		return path, shellLine(argv), nil
	}
	return path, windows.ComposeCommandLine(argv), nil
}

func errnoOf(err error) syscall.Errno {
	var errno syscall.Errno
	if errors.As(err, &errno) {
		return errno
	}
	return syscall.EINVAL
}

// Main always fails: Windows has no launcher between fork and exec.
func Main(int) { panic(unsupported("the launcher")) }
