package host

import (
	"errors"
	"slices"
	"strings"

	"golang.org/x/sys/windows/registry"
)

// mark is the value in the service's Parameters key, the one that belongs to the service itself, that says who installed it.
const (
	markName  = "InstalledBy"
	markValue = "daruma"
)

func serviceKey(name string) string { return `SYSTEM\CurrentControlSet\Services\` + name }

// environmentSetting is the value Environment of the service's key, which the SCM adds to the system's environment.
func (s *scm) environmentSetting(want []string) setting {
	join := func(list []string) string { return strings.Join(list, ", ") }
	return setting{name: "ENVIRONMENT", want: join(want),
		read: func() (string, error) {
			key, err := registry.OpenKey(registry.LOCAL_MACHINE, serviceKey(s.name), registry.QUERY_VALUE)
			if err != nil {
				return "", err
			}
			defer key.Close()
			list, _, err := key.GetStringsValue("Environment")
			if errors.Is(err, registry.ErrNotExist) {
				return "", nil
			}
			return join(list), err
		},
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

// deleting tells whether the service is marked for deletion: the SCM notes it, so that it goes at the next start of the
// system at the latest. Wine doesn't, and says so when asked to change it.
func (s *scm) deleting() bool {
	key, err := registry.OpenKey(registry.LOCAL_MACHINE, serviceKey(s.name), registry.QUERY_VALUE)
	if err != nil {
		return false
	}
	defer key.Close()
	flag, _, err := key.GetIntegerValue("DeleteFlag")
	return err == nil && flag != 0
}
