package systemlog

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/daruma-sh/daruma/service/manager"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"
)

const (
	// logsKey is where every log has its sources; a source's name belongs to one log only.
	logsKey = `SYSTEM\CurrentControlSet\Services\EventLog`
	// markName and markValue mark what daruma registered.
	markName, markValue = "InstalledBy", "daruma"
	// applicationLog is the log for services' events.
	applicationLog = "Application"
	// smallEvents has the texts of ids 1 to 1000, each of them "%1": those of package service's log records.
	smallEvents = `%SystemRoot%\System32\EventCreate.exe`
)

func sourceKey(name string) string { return logsKey + `\` + applicationLog + `\` + name }

func messageFiles(exe string) string { return exe + ";" + smallEvents }

func registerEventSource(name, exe string) error {
	const op = "registering"
	if err := manager.CheckName(name); err != nil {
		return sourceError(op, name, manager.ErrInvalid, "", "", err)
	}
	expanded, err := registry.ExpandString(exe)
	if !filepath.IsAbs(exe) || strings.Contains(exe, ";") || err != nil || expanded != exe {
		return sourceError(op, name, manager.ErrInvalid, fmt.Sprintf("the Event Log can't find message texts in %q", exe),
			"give it an absolute path without semicolons and without %VARIABLES%", err)
	}
	if err := mayRegister(op, name, exe); err != nil {
		return err
	}
	key, _, err := registry.CreateKey(registry.LOCAL_MACHINE, sourceKey(name), registry.SET_VALUE)
	if err != nil {
		return registryError(op, name, err)
	}
	defer key.Close()
	const types = windows.EVENTLOG_ERROR_TYPE | windows.EVENTLOG_WARNING_TYPE | windows.EVENTLOG_INFORMATION_TYPE
	err = errors.Join(
		key.SetExpandStringValue("EventMessageFile", messageFiles(exe)),
		key.SetDWordValue("TypesSupported", types),
		key.SetDWordValue("CustomSource", 1), // as New-EventLog marks what isn't Windows' own
		key.SetStringValue(markName, markValue))
	if err != nil {
		return registryError(op, name, err)
	}
	return nil
}

// mayRegister refuses a name that is another program's source, or a source of another log: it would be ours only in part.
func mayRegister(op, name, exe string) error {
	logs, err := registry.OpenKey(registry.LOCAL_MACHINE, logsKey, registry.ENUMERATE_SUB_KEYS)
	if err != nil {
		return registryError(op, name, err)
	}
	defer logs.Close()
	all, err := logs.ReadSubKeyNames(-1)
	if err != nil {
		return registryError(op, name, err)
	}
	const remedy = "choose another name for the service"
	for _, log := range all {
		if strings.EqualFold(log, name) {
			return sourceError(op, name, manager.ErrForeign, "a log has this name", remedy, nil)
		}
		if strings.EqualFold(log, applicationLog) {
			continue
		}
		if key, err := registry.OpenKey(logs, log+`\`+name, registry.QUERY_VALUE); err == nil {
			_ = key.Close()
			return sourceError(op, name, manager.ErrForeign, "it is a source of the log "+log, remedy, nil)
		}
	}
	files, ours, err := readSource(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return registryError(op, name, err)
	}
	if first, _, _ := strings.Cut(files, ";"); !ours && !strings.EqualFold(first, exe) {
		return sourceError(op, name, manager.ErrForeign, "its texts are in "+files, remedy, nil)
	}
	return nil
}

// readSource gives the source's message files as they stand in the registry, and whether daruma registered it.
func readSource(name string) (files string, ours bool, err error) {
	key, err := registry.OpenKey(registry.LOCAL_MACHINE, sourceKey(name), registry.QUERY_VALUE)
	if err != nil {
		return "", false, err
	}
	defer key.Close()
	mark, _, err := key.GetStringValue(markName)
	if err != nil && !errors.Is(err, registry.ErrNotExist) {
		return "", false, err
	}
	files, _, err = key.GetStringValue("EventMessageFile")
	if errors.Is(err, registry.ErrNotExist) {
		err = nil
	}
	return files, mark == markValue, err
}

func unregisterEventSource(name string) error {
	const op = "unregistering"
	if err := manager.CheckName(name); err != nil { // a backslash in it would make another key of it
		return sourceError(op, name, manager.ErrInvalid, "", "", err)
	}
	files, ours, err := readSource(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return registryError(op, name, err)
	}
	if !ours {
		return sourceError(op, name, manager.ErrForeign, "its texts are in "+files, "leave it, or remove it with Remove-EventLog -Source", nil)
	}
	if err := registry.DeleteKey(registry.LOCAL_MACHINE, sourceKey(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return registryError(op, name, err)
	}
	return nil
}

func checkEventSource(name, exe string) ([]string, error) {
	files, _, err := readSource(name)
	if errors.Is(err, fs.ErrNotExist) {
		return []string{fmt.Sprintf("the event source %s isn't registered, so nothing is written to the Event Log: daruma install registers it", name)}, nil
	} else if err != nil {
		return nil, registryError("reading", name, err)
	}
	var problems []string
	first := true
	for file := range strings.SplitSeq(files, ";") {
		path, err := registry.ExpandString(file)
		if err != nil {
			path = file
		}
		_, err = os.Stat(path)
		switch {
		case path == "":
			problems = append(problems, fmt.Sprintf("the event source %s has no message file, so its events read \"description cannot be found\": install again", name))
		case err != nil && first:
			problems = append(problems, fmt.Sprintf("the message file of event source %s isn't there, so its events read \"description cannot be found\": %v; "+
				"put daruma.exe back, or install again", name, err))
		case first && !sameFile(path, exe):
			problems = append(problems, fmt.Sprintf("the event source %s takes its texts from %s, and this is %s: install again with the one that is to run", name, path, exe))
		}
		first = false
	}
	return problems, nil
}

func sameFile(a, b string) bool {
	one, err := os.Stat(a)
	if err != nil {
		return false
	}
	other, err := os.Stat(b)
	return err == nil && os.SameFile(one, other)
}

func registryError(op, name string, err error) error {
	if errors.Is(err, windows.ERROR_ACCESS_DENIED) {
		return sourceError(op, name, manager.ErrRights, "", "run it as administrator", err)
	}
	return sourceError(op, name, nil, `HKLM\`+sourceKey(name), "", err)
}

// sourceError makes an *Error about an event source.
func sourceError(op, name string, kind error, detail, remedy string, cause error) error {
	return &manager.Error{Op: op + " the event source of", Name: name, Kind: kind, Detail: detail, Remedy: remedy, Cause: cause}
}
