package manager

import (
	"bytes"
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// Entry is all that Windows stores of one service: the settings of the Service Control Manager and the content of the service's registry
// key, so that it can be restored exactly. It may hold secrets: registry values of other service managers do.
type Entry struct {
	Name string `json:"name"` // as the registry writes it

	// The main settings, numbers and texts of QUERY_SERVICE_CONFIGW.
	Type         uint32   `json:"type"`
	Start        uint32   `json:"start"`
	ErrorControl uint32   `json:"errorControl"`
	CommandLine  string   `json:"commandLine"` // not expanded where it has variables
	Group        string   `json:"group"`
	Dependencies []string `json:"dependencies"` // groups begin with +
	Account      string   `json:"account"`      // SERVICE_START_NAME; its password nobody can read
	DisplayName  string   `json:"displayName"`

	// The optional ones, of QueryServiceConfig2W. nil: this service manager doesn't have them (Wine).
	Description string          `json:"description"`
	Delayed     *uint32         `json:"delayed"`
	PreShutdown *uint32         `json:"preShutdown"` // milliseconds
	SIDType     *uint32         `json:"sidType"`
	NonCrash    *uint32         `json:"nonCrash"`   // failure actions for errors, too
	Privileges  *[]string       `json:"privileges"` // all that are kept; empty: all that the account has
	Failure     *FailureActions `json:"failure"`

	// Access is owner, group and access list of the service, as SDDL; "" where it can't be read.
	Access string `json:"access"`

	Key RegistryKey `json:"key"` // HKLM\SYSTEM\CurrentControlSet\Services\NAME
}

// FailureActions is SERVICE_FAILURE_ACTIONSW.
type FailureActions struct {
	Reset   uint32      `json:"reset"` // seconds; the greatest number: never
	Message string      `json:"message"`
	Command string      `json:"command"`
	Actions [][2]uint32 `json:"actions"` // type (0 nothing, 1 restart, 2 reboot, 3 command) and delay in milliseconds
}

// RegistryKey is a key with what is below it, as bytes.
type RegistryKey struct {
	Name   string          `json:"name"`
	Values []RegistryValue `json:"values"` // sorted by name
	Keys   []RegistryKey   `json:"keys"`   // sorted by name
}

// RegistryValue is one value. Type is its number: 1 REG_SZ, 2 REG_EXPAND_SZ, 4 REG_DWORD, 7 REG_MULTI_SZ …
type RegistryValue struct {
	Name string `json:"name"`
	Type uint32 `json:"type"`
	Data []byte `json:"data"`
}

// ReadEntry reads the service. Everybody may, but for the access list; without the rights for that it is "".
//
// Errors: ErrNotInstalled, ErrUnsupported (other systems than Windows).
func (m Manager) ReadEntry(ctx context.Context, name string) (Entry, error) {
	return readEntry(ctx, m, name)
}

// RestoreEntry sets all of the service to e, creates it where it isn't there, and reads all of it back. Settings, values and keys
// that e doesn't have are removed. The service is neither started nor stopped. A password is needed where the account isn't the
// one that the service has now, and needs one.
//
// Errors: ErrRights, ErrFailed (what was read back differs; the text lists it), ErrMarkedForDeletion,
// ErrUnsupported.
func (m Manager) RestoreEntry(ctx context.Context, e Entry, password Password) error {
	return restoreEntry(ctx, m, e, password)
}

// MayRestore checks that this process has the rights that RestoreEntry needs for an installed service, and those to start and stop it.
// Nothing is changed. Errors: ErrRights, ErrNotInstalled, ErrUnsupported.
func (m Manager) MayRestore(ctx context.Context, name string) error { return mayRestore(ctx, m, name) }

// Differences lists what differs between two entries, for people. It gives no values, which may be secrets. Empty: they are the same.
func (e Entry) Differences(other Entry) []string {
	var found []string
	a, b := reflect.ValueOf(e), reflect.ValueOf(other)
	for i := range a.NumField() {
		name := a.Type().Field(i).Name
		if name != "Key" && name != "Account" && !reflect.DeepEqual(a.Field(i).Interface(), b.Field(i).Interface()) {
			found = append(found, name)
		}
	}
	if !strings.EqualFold(e.Account, other.Account) { // names of accounts know no case
		found = append(found, "Account")
	}
	return append(found, e.Key.differences("", other.Key)...)
}

func (k RegistryKey) differences(above string, other RegistryKey) []string {
	path := above + k.Name
	var found []string
	for _, v := range k.Values {
		if have, ok := other.value(v.Name); !ok || have.Type != v.Type || !bytes.Equal(have.Data, v.Data) {
			found = append(found, fmt.Sprintf(`value %s\%s`, path, v.Name))
		}
	}
	for _, v := range other.Values {
		if _, ok := k.value(v.Name); !ok {
			found = append(found, fmt.Sprintf(`value %s\%s`, path, v.Name))
		}
	}
	for _, sub := range k.Keys {
		if have, ok := other.sub(sub.Name); ok {
			found = append(found, sub.differences(path+`\`, have)...)
		} else {
			found = append(found, fmt.Sprintf(`key %s\%s`, path, sub.Name))
		}
	}
	for _, sub := range other.Keys {
		if _, ok := k.sub(sub.Name); !ok {
			found = append(found, fmt.Sprintf(`key %s\%s`, path, sub.Name))
		}
	}
	return found
}

func (k RegistryKey) value(name string) (RegistryValue, bool) {
	i := slices.IndexFunc(k.Values, func(v RegistryValue) bool { return strings.EqualFold(v.Name, name) })
	if i < 0 {
		return RegistryValue{}, false
	}
	return k.Values[i], true
}

func (k RegistryKey) sub(name string) (RegistryKey, bool) {
	i := slices.IndexFunc(k.Keys, func(s RegistryKey) bool { return strings.EqualFold(s.Name, name) })
	if i < 0 {
		return RegistryKey{}, false
	}
	return k.Keys[i], true
}
