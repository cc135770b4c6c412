package manager

import (
	"errors"
	"slices"
	"strings"

	"golang.org/x/sys/windows/registry"
)

// The value that marks a service as installed by daruma. It is in the Parameters key, which belongs to the service itself.
const (
	markName  = "InstalledBy"
	markValue = "daruma"
)

func serviceKey(name string) string { return `SYSTEM\CurrentControlSet\Services\` + name }

// environmentSetting is the value Environment of the service's key, which the SCM adds to the system's environment.
func (s *scm) environmentSetting(want []string) setting {
	return setting{name: "ENVIRONMENT", want: strings.Join(want, ", "),
		read: func() (string, error) { return s.stringsValue("Environment") },
		write: func() error {
			key, err := registry.OpenKey(registry.LOCAL_MACHINE, serviceKey(s.name), registry.SET_VALUE)
			if err != nil {
				return err
			}
			defer key.Close()
			if len(want) == 0 {
				return key.DeleteValue("Environment")
			}
			return key.SetStringsValue("Environment", slices.Clone(want))
		}}
}

// stringsValue reads a list from the service's key, joined by commas; it is empty where there is none.
func (s *scm) stringsValue(name string) (string, error) {
	key, err := registry.OpenKey(registry.LOCAL_MACHINE, serviceKey(s.name), registry.QUERY_VALUE)
	if err != nil {
		return "", err
	}
	defer key.Close()
	list, _, err := key.GetStringsValue(name)
	if errors.Is(err, registry.ErrNotExist) {
		return "", nil
	}
	return strings.Join(list, ", "), err
}

func (s *scm) markSetting() setting {
	return setting{name: "INSTALLED_BY", want: markValue,
		read: s.installedBy,
		write: func() error {
			key, _, err := registry.CreateKey(registry.LOCAL_MACHINE, serviceKey(s.name)+`\Parameters`, registry.SET_VALUE)
			if err != nil {
				return err
			}
			defer key.Close()
			return key.SetStringValue(markName, markValue)
		}}
}

// installedBy is the mark, "" where there is none.
func (s *scm) installedBy() (string, error) {
	key, err := registry.OpenKey(registry.LOCAL_MACHINE, serviceKey(s.name)+`\Parameters`, registry.QUERY_VALUE)
	if errors.Is(err, registry.ErrNotExist) {
		return "", nil
	} else if err != nil {
		return "", err
	}
	defer key.Close()
	text, _, err := key.GetStringValue(markName)
	if errors.Is(err, registry.ErrNotExist) {
		return "", nil
	}
	return text, err
}

// deleting reports whether the service is marked for deletion. The SCM notes that in the registry, so that the service goes at the next start
// of the system at the latest. Wine doesn't, and returns an error when the service is changed.
func (s *scm) deleting() bool {
	key, err := registry.OpenKey(registry.LOCAL_MACHINE, serviceKey(s.name), registry.QUERY_VALUE)
	if err != nil {
		return false
	}
	defer key.Close()
	flag, _, err := key.GetIntegerValue("DeleteFlag")
	return err == nil && flag != 0
}
