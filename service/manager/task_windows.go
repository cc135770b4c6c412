package manager

import (
	"context"
	"errors"
	"slices"
	"strings"
	"unsafe"

	"golang.org/x/sys/windows"

	"github.com/daruma-sh/daruma/service/internal/wine"
)

// The Task Scheduler is spoken to by its COM interfaces, not by schtasks.exe: names and paths in any script go through as they
// are (schtasks answers in the console's code page), the answer is a number instead of a sentence in the system's language,
// what was registered can be read back, and no file with a task for SYSTEM lies about meanwhile.

// Places in the tables of functions, after the seven of IDispatch (taskschd.h).
const (
	serviceGetFolder   = 7
	serviceConnect     = 10
	folderGetTask      = 13
	folderDeleteTask   = 15
	folderRegisterTask = 16
	taskGetXML         = 20
)

const (
	taskCreateOrUpdate = 6 // TASK_CREATE_OR_UPDATE
	taskServiceAccount = 5 // TASK_LOGON_SERVICE_ACCOUNT: no password is asked for
)

func checkFallback(f Fallback) error { return checkTaskPath(f.Executable) }

func registerTask(_ context.Context, m Manager, f Fallback, dryRun bool) (Changes, error) {
	t := tasks{op: "registering the fallback of", name: f.Name}
	var changes Changes
	err := t.with(func(folder *com) error {
		want := TaskXML(f)
		have, err := t.read(folder)
		if err != nil {
			return err
		}
		if changes, err = t.compare(have, want); err != nil || dryRun || changes.None() {
			return err
		}
		if err := t.register(folder, want); err != nil {
			return err
		}
		return t.confirm(folder, want, &changes)
	})
	return changes, err
}

func unregisterTask(_ context.Context, _ Manager, name string) (Changes, error) {
	t := tasks{op: "removing the fallback of", name: name}
	if err := checkTaskName(name); err != nil {
		return Changes{}, &Error{Op: t.op, Name: name, Kind: ErrInvalid, Cause: err}
	}
	var changes Changes
	err := t.with(func(folder *com) error {
		have, err := t.read(folder)
		if err != nil || have == "" {
			return err
		}
		path, err := newBstr(taskInRoot(name))
		if err != nil {
			return t.fail("", err)
		}
		defer path.free()
		if err := folder.call(folderDeleteTask, uintptr(path), 0); err != nil && !missing(err) {
			return t.fail("deleting the task "+taskPath(name), err)
		}
		changes = Changes{Removed: true, Changed: []Change{{Setting: taskPath(name), From: "task"}}}
		return nil
	})
	return changes, err
}

func hasTask(_ context.Context, _ Manager, name string) (bool, error) {
	t := tasks{op: "looking for the fallback of", name: name}
	if err := checkTaskName(name); err != nil {
		return false, &Error{Op: t.op, Name: name, Kind: ErrInvalid, Cause: err}
	}
	there := false
	err := t.with(func(folder *com) error {
		text, err := t.read(folder)
		there = text != ""
		return err
	})
	return there, err
}

// tasks is one call of this package on one task.
type tasks struct{ op, name string }

// with connects to this machine's Task Scheduler and gives f its root folder.
func (t tasks) with(f func(root *com) error) error {
	return withCOM(func() error {
		service, err := newObject(
			windows.GUID{Data1: 0x0F87369F, Data2: 0xA4E5, Data3: 0x4CFC, Data4: [8]byte{0xBD, 0x3E, 0x73, 0xE6, 0x15, 0x45, 0x72, 0xDD}}, // TaskScheduler
			windows.GUID{Data1: 0x2FABA4C7, Data2: 0x4DA9, Data3: 0x4013, Data4: [8]byte{0x96, 0x97, 0x20, 0xCC, 0x3F, 0xD4, 0x0F, 0x85}}) // ITaskService
		if err != nil {
			return t.fail("reaching the Task Scheduler", err)
		}
		defer service.release()
		var here [4]variant // this computer, this user
		if err := service.call(serviceConnect, uintptr(unsafe.Pointer(&here[0])), uintptr(unsafe.Pointer(&here[1])),
			uintptr(unsafe.Pointer(&here[2])), uintptr(unsafe.Pointer(&here[3]))); err != nil {
			return t.fail("connecting to the Task Scheduler", err)
		}
		path, err := newBstr(`\`)
		if err != nil {
			return t.fail("", err)
		}
		defer path.free()
		var root *com
		if err := service.call(serviceGetFolder, uintptr(path), uintptr(unsafe.Pointer(&root))); err != nil {
			return t.fail("opening the Task Scheduler's root folder", err)
		}
		defer root.release()
		return f(root)
	})
}

// read gives the registered task's XML, "" where there is none.
func (t tasks) read(folder *com) (string, error) {
	path, err := newBstr(taskInRoot(t.name))
	if err != nil {
		return "", t.fail("", err)
	}
	defer path.free()
	var task *com
	if err := folder.call(folderGetTask, uintptr(path), uintptr(unsafe.Pointer(&task))); missing(err) {
		return "", nil
	} else if err != nil {
		return "", t.fail("looking for the task "+taskPath(t.name), err)
	}
	defer task.release()
	var text bstr
	if err := task.call(taskGetXML, uintptr(unsafe.Pointer(&text))); err != nil {
		return "", t.fail("reading the task "+taskPath(t.name), err)
	}
	defer text.free()
	return text.String(), nil
}

func (t tasks) compare(have, want string) (Changes, error) {
	if have == "" {
		return Changes{Created: true, Changed: []Change{{Setting: taskPath(t.name), To: "task"}}}, nil
	}
	list, err := diffTasks(have, want)
	if err != nil {
		// Somebody wrote there what isn't a task: it is replaced.
		return Changes{Changed: []Change{{Setting: taskPath(t.name), From: err.Error(), To: "task"}}}, nil
	}
	changes := Changes{Changed: list}
	if wine.Running() {
		changes.Changed = slices.DeleteFunc(list, lostByWine)
		changes.remark("this Task Scheduler (Wine) keeps settings alone, and runs nothing")
	}
	return changes, nil
}

// lostByWine reports that Wine's Task Scheduler took the setting and hasn't stored it.
func lostByWine(c Change) bool {
	for _, part := range []string{"Triggers/", "Principals/", "Actions/", "Settings/RestartOnFailure/", "Settings/IdleSettings/"} {
		if strings.HasPrefix(c.Setting, "task."+part) {
			return c.From == ""
		}
	}
	return false
}

func (t tasks) register(folder *com, text string) error {
	path, err := newBstr(taskInRoot(t.name))
	if err != nil {
		return t.fail("", err)
	}
	defer path.free()
	definition, err := newBstr(text)
	if err != nil {
		return t.fail("", err)
	}
	defer definition.free()
	var user, password, rights variant // as the definition says
	var task *com
	if err := folder.call(folderRegisterTask, uintptr(path), uintptr(definition), taskCreateOrUpdate, uintptr(unsafe.Pointer(&user)),
		uintptr(unsafe.Pointer(&password)), taskServiceAccount, uintptr(unsafe.Pointer(&rights)), uintptr(unsafe.Pointer(&task))); err != nil {
		return t.fail("registering the task "+taskPath(t.name), err)
	}
	task.release()
	return nil
}

// confirm reads back what was registered. What the Task Scheduler spells in a way of its own is a remark: the task is there.
func (t tasks) confirm(folder *com, want string, changes *Changes) error {
	now, err := t.read(folder)
	if err != nil {
		return err
	}
	if now == "" {
		return &Error{Op: t.op, Name: t.name, Kind: ErrFailed, Detail: "the Task Scheduler took the task " + taskPath(t.name) + " and doesn't have it"}
	}
	left, err := t.compare(now, want)
	if err != nil {
		return err
	}
	for _, c := range left.Changed {
		changes.remark("the fallback task reads back differently: %s", c)
	}
	return nil
}

// missing: no such task, or not even its folder.
func missing(err error) bool {
	return errors.Is(err, windows.ERROR_FILE_NOT_FOUND) || errors.Is(err, windows.ERROR_PATH_NOT_FOUND)
}

func (t tasks) fail(detail string, err error) error {
	e := &Error{Op: t.op, Name: t.name, Detail: detail, Cause: err}
	switch {
	case errors.Is(err, ErrUnsupported):
		e.Kind, e.Cause, e.Remedy = ErrUnsupported, err, ""
	case errors.Is(err, windows.ERROR_ACCESS_DENIED):
		e.Kind, e.Remedy = ErrRights, "run it as administrator: right-click the terminal, Run as administrator"
	case errors.Is(err, windows.ERROR_SERVICE_NOT_ACTIVE), errors.Is(err, windows.ERROR_SERVICE_DISABLED):
		e.Kind, e.Remedy = ErrFailed, "the service Schedule (Task Scheduler) must run: sc config Schedule start= auto, then restart Windows"
	}
	return e
}

// taskInRoot is the task's path as seen from the root folder. Windows takes it with a backslash in front, too; Wine doesn't.
func taskInRoot(name string) string { return taskPath(name)[1:] }
