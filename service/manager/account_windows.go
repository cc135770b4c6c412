package manager

import (
	"strings"
	"unsafe"

	"golang.org/x/sys/windows"
)

func needsPassword(account string) bool {
	return UserAccount(account) && !managed(account) && !strings.HasPrefix(strings.ToUpper(account), `NT SERVICE\`)
}

// managed reports whether the account is a (group) managed service account, which has no password of its own: its name ends in $.
func managed(account string) bool { return strings.HasSuffix(account, "$") }

// startName is what the SCM calls an account: SERVICE_START_NAME of `sc qc`.
func startName(s Spec) string {
	switch s.Account {
	case AccountSystem:
		return "LocalSystem"
	case AccountLocal:
		return `NT AUTHORITY\LocalService`
	case AccountNetwork:
		return `NT AUTHORITY\NetworkService`
	case AccountVirtual:
		return `NT SERVICE\` + s.Name
	}
	if !strings.ContainsAny(s.Account, `\@`) {
		return `.\` + s.Account // of this machine
	}
	return s.Account
}

// identitySettings are the account with what it may do. Without an account in spec they are left as they are.
func (s *scm) identitySettings(spec Spec) []setting {
	var list []setting
	if spec.Account != "" {
		if UserAccount(spec.Account) {
			list = append(list, s.logonSetting(startName(spec)))
		}
		list = append(list, s.accountSetting(spec))
		if spec.Password != "" {
			list = append(list, s.passwordSetting(spec))
		}
	}
	if spec.Supervision.OwnSID {
		list = append(list, s.sidSetting())
	}
	if spec.Supervision.Privileges != nil {
		list = append(list, s.privilegesSetting(spec.Supervision.Privileges))
	}
	return list
}

func (s *scm) accountSetting(spec Spec) setting {
	want := startName(spec)
	return setting{name: "SERVICE_START_NAME", want: want,
		read: func() (string, error) {
			c, err := s.config()
			if err != nil {
				return "", err
			}
			have := windows.UTF16PtrToString(c.ServiceStartName)
			if strings.EqualFold(have, want) {
				have = want // names of accounts know no case
			}
			return have, nil
		},
		write: func() error {
			account, err := windows.UTF16PtrFromString(want)
			if err != nil {
				return err
			}
			password, err := passwordOf(spec)
			if err != nil {
				return err
			}
			return s.change(mainConfig{account: account, password: password})
		}}
}

// passwordOf: the null pointer for virtual and managed accounts, the empty text for the built-in ones
// (ChangeServiceConfigW, lpPassword).
func passwordOf(spec Spec) (*uint16, error) {
	if spec.Account == AccountVirtual || managed(spec.Account) || UserAccount(spec.Account) && !needsPassword(spec.Account) {
		return nil, nil
	}
	return windows.UTF16PtrFromString(string(spec.Password))
}

// passwordSetting writes the given password each time: the one that is there can't be read.
func (s *scm) passwordSetting(spec Spec) setting {
	const given = "(as given)"
	now := "(not shown)"
	return setting{name: "PASSWORD", want: given,
		read: func() (string, error) { return now, nil },
		write: func() error {
			account, err := windows.UTF16PtrFromString(startName(spec))
			if err != nil {
				return err
			}
			password, err := passwordOf(spec)
			if err != nil {
				return err
			}
			now = given
			return s.change(mainConfig{account: account, password: password})
		}}
}

// sidInfo is SERVICE_SID_INFO.
type sidInfo struct{ kind uint32 }

func (i *sidInfo) text() string {
	switch i.kind {
	case windows.SERVICE_SID_TYPE_NONE:
		return "none"
	case windows.SERVICE_SID_TYPE_UNRESTRICTED:
		return "unrestricted"
	}
	return "restricted"
}

func (s *scm) sidSetting() setting {
	want := sidInfo{windows.SERVICE_SID_TYPE_UNRESTRICTED}
	return setting{name: "SERVICE_SID_TYPE", volatile: true, want: want.text(),
		read: func() (string, error) {
			have, err := config2[sidInfo](s, windows.SERVICE_CONFIG_SERVICE_SID_INFO)
			if err != nil {
				return "", err
			}
			return have.text(), nil
		},
		write: func() error { return setConfig2(s, windows.SERVICE_CONFIG_SERVICE_SID_INFO, &want) }}
}

// privilegesInfo is SERVICE_REQUIRED_PRIVILEGES_INFOW.
type privilegesInfo struct{ list *uint16 }

func (s *scm) privilegesSetting(want []string) setting {
	return setting{name: "REQUIRED_PRIVILEGES", volatile: true, want: strings.Join(want, ", "),
		read: func() (string, error) {
			buffer, err := query(func(b *byte, size uint32, needed *uint32) error {
				return windows.QueryServiceConfig2(s.service, windows.SERVICE_CONFIG_REQUIRED_PRIVILEGES_INFO, b, size, needed)
			})
			if err != nil {
				return "", err
			}
			return strings.Join(multiString((*privilegesInfo)(unsafe.Pointer(&buffer[0])).list), ", "), nil
		},
		write: func() error {
			return setConfig2(s, windows.SERVICE_CONFIG_REQUIRED_PRIVILEGES_INFO, &privilegesInfo{block(want)})
		}}
}
