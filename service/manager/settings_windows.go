package manager

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf16"
	"unsafe"

	"golang.org/x/sys/windows"
)

// setting is one thing that the SCM stores of a service, as text: one row for reading, comparing, writing and reading back.
// What a later version learns to set (account, SID type, privileges) is a row more.
type setting struct {
	name  string // as `sc qc` shows it, where it does
	want  string
	read  func() (string, error)
	write func() error
	// volatile settings are lost by Wine: some refused, some taken and never stored.
	volatile bool
}

// settings are all that spec wants. The main ones come first: CreateServiceW takes them along.
func (s *scm) settings(spec Spec) []setting {
	list := []setting{
		s.dependencySetting(),
		s.mainSetting("BINARY_PATH_NAME", commandLine(spec), func(c *windows.QUERY_SERVICE_CONFIG) string {
			return windows.UTF16PtrToString(c.BinaryPathName)
		}, func(m *mainConfig) { m.commandLine = commandLine(spec) }),
		s.startSetting(spec.StartType),
		s.mainSetting("DISPLAY_NAME", displayName(spec), func(c *windows.QUERY_SERVICE_CONFIG) string {
			return windows.UTF16PtrToString(c.DisplayName)
		}, func(m *mainConfig) { m.displayName = displayName(spec) }),
		s.descriptionSetting(spec.Description),
	}
	list = append(list, s.identitySettings(spec)...)
	list = append(list, s.recoverySettings(spec.Recovery)...)
	if spec.PreShutdownTimeout > 0 {
		list = append(list, s.preShutdownSetting(spec.PreShutdownTimeout))
	}
	return append(list, s.environmentSetting(spec.Env), s.markSetting())
}

// commandLine is the ImagePath. The executable is always quoted: of C:\Program Files\x.exe without quotes Windows tries
// C:\Program.exe first (CWE-428).
func commandLine(spec Spec) string {
	line := `"` + spec.Executable + `"`
	if len(spec.Arguments) > 0 {
		line += " " + windows.ComposeCommandLine(append([]string{"x"}, spec.Arguments...))[len("x "):]
	}
	return line
}

func displayName(spec Spec) string {
	if spec.DisplayName == "" {
		return spec.Name
	}
	return spec.DisplayName
}

// mainConfig is what ChangeServiceConfigW takes beside the dependencies; its zero value changes nothing.
type mainConfig struct {
	startType   *uint32
	commandLine string
	displayName string

	account, password *uint16 // a null password changes nothing, and is what accounts without one want
}

// change writes the dependencies and what c sets, and leaves the rest.
func (s *scm) change(c mainConfig) error {
	start := uint32(windows.SERVICE_NO_CHANGE)
	if c.startType != nil {
		start = *c.startType
	}
	line, err := optional(c.commandLine)
	if err != nil {
		return err
	}
	display, err := optional(c.displayName)
	if err != nil {
		return err
	}
	return windows.ChangeServiceConfig(s.service, windows.SERVICE_NO_CHANGE, start, windows.SERVICE_NO_CHANGE,
		line, nil, nil, block(s.dependsOn), c.account, c.password, display)
}

func (s *scm) mainSetting(name, want string, get func(*windows.QUERY_SERVICE_CONFIG) string, set func(*mainConfig)) setting {
	return setting{name: name, want: want,
		read: func() (string, error) {
			c, err := s.config()
			if err != nil {
				return "", err
			}
			return get(c), nil
		},
		write: func() error {
			var c mainConfig
			set(&c)
			return s.change(c)
		}}
}

// dependencySetting: Wine stores the list and doesn't give it back, so that it is read from the registry there.
func (s *scm) dependencySetting() setting {
	row := s.mainSetting("DEPENDENCIES", strings.Join(s.dependsOn, ", "), func(c *windows.QUERY_SERVICE_CONFIG) string {
		return strings.Join(multiString(c.Dependencies), ", ")
	}, func(*mainConfig) {})
	if s.wine {
		row.read = func() (string, error) { return s.stringsValue("DependOnService") }
	}
	return row
}

// startSetting joins the start type with the flag that delays it, which an automatic service alone may have.
func (s *scm) startSetting(want StartType) setting {
	return setting{name: "START_TYPE", want: want.String(),
		read: func() (string, error) {
			t, err := s.startType()
			return t, err
		},
		write: func() error {
			if have, err := s.startType(); err != nil {
				return err
			} else if have == Delayed.String() { // while it is set, Windows refuses another start type
				if err := s.setDelayed(false); err != nil {
					return err
				}
			}
			code := startCode(want)
			if err := s.change(mainConfig{startType: &code}); err != nil || want != Delayed {
				return err
			}
			return s.setDelayed(true)
		}}
}

func startCode(t StartType) uint32 {
	switch t {
	case Manual:
		return windows.SERVICE_DEMAND_START
	case Disabled:
		return windows.SERVICE_DISABLED
	}
	return windows.SERVICE_AUTO_START
}

// startType is a word of StartType, or the number of one that services of programs don't have (boot 0, system 1).
func (s *scm) startType() (string, error) {
	c, err := s.config()
	if err != nil {
		return "", err
	}
	switch c.StartType {
	case windows.SERVICE_DEMAND_START:
		return Manual.String(), nil
	case windows.SERVICE_DISABLED:
		return Disabled.String(), nil
	case windows.SERVICE_AUTO_START:
		delayed, err := config2[windows.SERVICE_DELAYED_AUTO_START_INFO](s, windows.SERVICE_CONFIG_DELAYED_AUTO_START_INFO)
		if err == nil && delayed.IsDelayedAutoStartUp != 0 {
			return Delayed.String(), nil
		}
		return Automatic.String(), err
	}
	return fmt.Sprint(c.StartType), nil
}

func (s *scm) setDelayed(on bool) error {
	var info windows.SERVICE_DELAYED_AUTO_START_INFO
	if on {
		info.IsDelayedAutoStartUp = 1
	}
	return setConfig2(s, windows.SERVICE_CONFIG_DELAYED_AUTO_START_INFO, &info)
}

func (s *scm) descriptionSetting(want string) setting {
	return setting{name: "DESCRIPTION", want: want,
		read: func() (string, error) {
			d, err := config2[windows.SERVICE_DESCRIPTION](s, windows.SERVICE_CONFIG_DESCRIPTION)
			if err != nil {
				return "", err
			}
			return windows.UTF16PtrToString(d.Description), nil
		},
		write: func() error {
			text, err := windows.UTF16PtrFromString(want) // the empty text removes it; a null pointer would change nothing
			if err != nil {
				return err
			}
			return setConfig2(s, windows.SERVICE_CONFIG_DESCRIPTION, &windows.SERVICE_DESCRIPTION{Description: text})
		}}
}

// optional is a null pointer, "no change", for no text.
func optional(text string) (*uint16, error) {
	if text == "" {
		return nil, nil
	}
	return windows.UTF16PtrFromString(text)
}

// block is a list of texts, each ended by a zero, the list by another. An empty list is two zeros: a null pointer would
// change nothing.
func block(list []string) *uint16 {
	text := slices.Clone(utf16.Encode([]rune(strings.Join(list, "\x00"))))
	return &append(text, 0, 0)[0]
}

func multiString(p *uint16) []string {
	var list []string
	for p != nil && *p != 0 {
		text := windows.UTF16PtrToString(p)
		list = append(list, text)
		p = (*uint16)(unsafe.Add(unsafe.Pointer(p), 2*(len(utf16.Encode([]rune(text)))+1)))
	}
	return list
}
