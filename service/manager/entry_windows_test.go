package manager

import (
	"errors"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/windows/registry"
)

// keepHere gives the service what other service managers keep in its key: values of every type, and keys below.
func keepHere(t *testing.T, name string) {
	t.Helper()
	key, _, err := registry.CreateKey(registry.LOCAL_MACHINE, serviceKey(name)+`\Parameters\AppExit`, registry.SET_VALUE)
	if err != nil {
		t.Fatal(err)
	}
	defer key.Close()
	for name, v := range map[string]RegistryValue{
		"": {Type: 1, Data: []byte("R\x00e\x00\x00\x00")}, "odd": {Type: 3, Data: []byte{1, 2, 3}}, "none": {Type: 0},
		"half a character": {Type: 2, Data: []byte{0, 0xd8, 0, 0}}, "three": {Type: 4, Data: []byte{3, 0, 0, 0}},
		"list": {Type: 7, Data: []byte("a\x00\x00\x00b\x00\x00\x00\x00\x00")}, `a"b\c`: {Type: 11, Data: make([]byte, 8)},
		"long": {Type: 3, Data: make([]byte, 5000)},
	} {
		v.Name = name
		if err := setRegistryValue(key, v); err != nil {
			t.Fatal(err)
		}
	}
}

func entryOf(t *testing.T, name string) Entry {
	t.Helper()
	e, err := Manager{}.ReadEntry(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// TestSCMEntryComesBack: changed in every setting, or deleted, the service is what it was, to the byte.
func TestSCMEntryComesBack(t *testing.T) {
	spec, _ := real(t, "host-entry", "steady")
	spec.DisplayName, spec.DependsOn, spec.StartType, spec.Env = "Host Entry €", []string{"RpcSs"}, Delayed, []string{"A=1"}
	install(t, Manager{}, spec)
	keepHere(t, spec.Name)
	before := entryOf(t, "HOST-entry")
	if before.Name != spec.Name || before.CommandLine != commandLine(spec) || !slices.Equal(before.Dependencies, spec.DependsOn) {
		t.Fatalf("%+v", before)
	}
	if err := (Manager{}).MayRestore(t.Context(), spec.Name); err != nil {
		t.Fatal(err)
	}
	other := spec
	other.DisplayName, other.Description, other.DependsOn, other.StartType = "Other", "", nil, Disabled
	other.Env, other.Account, other.PreShutdownTimeout = nil, AccountLocal, 7*time.Second
	other.Recovery = Recovery{}
	install(t, Manager{}, other)
	if err := registry.DeleteKey(registry.LOCAL_MACHINE, serviceKey(spec.Name)+`\Parameters\AppExit`); err != nil {
		t.Fatal(err)
	}
	if key, _, err := registry.CreateKey(registry.LOCAL_MACHINE, serviceKey(spec.Name)+`\New\Below`, registry.SET_VALUE); err != nil {
		t.Fatal(err)
	} else {
		key.Close()
	}
	for _, want := range []string{"Start", "DisplayName", "Account", `key host-entry\New`, `key host-entry\Parameters\AppExit`, `value host-entry\Environment`} {
		if found := before.Differences(entryOf(t, spec.Name)); !slices.Contains(found, want) {
			t.Errorf("%s isn't among what differs: %q", want, found)
		}
	}
	restore := func(what string) {
		t.Helper()
		if err := (Manager{}).RestoreEntry(t.Context(), before, ""); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if found := before.Differences(entryOf(t, spec.Name)); len(found) > 0 {
			t.Errorf("%s: %q", what, found)
		}
		if s := status(t, spec.Name); s.StartType != Delayed {
			t.Errorf("%s, it is %s", what, s)
		}
	}
	restore("changed")
	restore("unchanged")
	if _, err := (Manager{}).Uninstall(t.Context(), spec.Name); err != nil {
		t.Fatal(err)
	}
	if _, err := (Manager{}).ReadEntry(t.Context(), spec.Name); !errors.Is(err, ErrNotInstalled) {
		t.Errorf("read what isn't there: %v", err)
	}
	restore("deleted")
	do(t, Manager{}.Start, spec.Name)
	do(t, Manager{}.Stop, spec.Name)
}
