package manager

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The test binary is also the service that the tests install: "host-service MODE RECORD …".
const asService = "host-service"

func TestMain(m *testing.M) {
	if len(os.Args) > 3 && os.Args[1] == asService {
		os.Exit(serve(os.Args[2], os.Args[3]))
	}
	if len(os.Args) > 2 && os.Args[1] == asInstaller {
		os.Exit(installer(os.Args[2:]))
	}
	os.Exit(m.Run())
}

// record is what a service found when it was started.
type record struct {
	Args []string
	Env  []string // those that begin with X_
	Dir  string
}

// leave writes the record, whole or not at all.
func leave(path string) error {
	r := record{Args: os.Args[1:]}
	for _, entry := range os.Environ() {
		if strings.HasPrefix(entry, "X_") {
			r.Env = append(r.Env, entry)
		}
	}
	r.Dir, _ = os.Getwd()
	text, err := json.Marshal(r)
	if err != nil {
		return err
	}
	if err := os.WriteFile(path+".new", text, 0o644); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

func found(t *testing.T, path string) record {
	t.Helper()
	var r record
	text, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(text, &r)
	}
	if err != nil {
		t.Fatalf("the service left no record: %v", err)
	}
	return r
}

// asInstaller makes the test binary a small command line, for tests that need another process or another boot:
// "host-installer install NAME STARTTYPE RECORD", "host-installer status NAME".
const asInstaller = "host-installer"

func installer(args []string) int {
	err := func() error {
		var m Manager
		switch args[0] {
		case "install":
			spec := Spec{Name: args[1], Recovery: DefaultRecovery(), Arguments: []string{asService, "steady", args[3]}}
			if err := spec.StartType.UnmarshalText([]byte(args[2])); err != nil {
				return err
			}
			var err error
			if spec.Executable, err = os.Executable(); err != nil {
				return err
			}
			changes, err := m.Install(context.Background(), spec)
			fmt.Print(changes)
			return err
		case "uninstall":
			_, err := m.Uninstall(context.Background(), args[1])
			return err
		case "start":
			return m.Start(context.Background(), args[1])
		case "status":
			status, err := m.Status(context.Background(), args[1])
			if err == nil {
				fmt.Printf("%s %s\n", status.State, status.StartType)
			}
			return err
		}
		return fmt.Errorf("no verb %q", args[0])
	}()
	if err != nil {
		fmt.Println(err)
		return 1
	}
	return 0
}

// copyOfMe puts this executable into dir under another name, as what the tests install.
func copyOfMe(t *testing.T, dir, name string) string {
	t.Helper()
	me, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	bytes, err := os.ReadFile(me)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, bytes, 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}
