package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"

	"github.com/daruma-sh/daruma/internal/systemlog"
)

// The resources are linked into this test's executable as they are into daruma.exe.

func onWine() bool {
	return windows.NewLazySystemDLL("ntdll.dll").NewProc("wine_get_version").Find() == nil
}

// format gives the text of an event as Windows makes it of the message table.
func format(t *testing.T, id uint32, inserts ...string) string {
	t.Helper()
	var module windows.Handle
	if err := windows.GetModuleHandleEx(windows.GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT, nil, &module); err != nil {
		t.Fatal(err)
	}
	args := make([]*uint16, len(inserts))
	for i, text := range inserts {
		var err error
		if args[i], err = windows.UTF16PtrFromString(text); err != nil {
			t.Fatal(err)
		}
	}
	buf := make([]uint16, 2000)
	n, err := windows.FormatMessage(windows.FORMAT_MESSAGE_FROM_HMODULE|windows.FORMAT_MESSAGE_ARGUMENT_ARRAY, uintptr(module), id, 0, buf,
		(*byte)(unsafe.Pointer(unsafe.SliceData(args))))
	if err != nil {
		t.Errorf("event %08x: %v", id, err)
	}
	return windows.UTF16ToString(buf[:n])
}

func TestEveryEventHasItsText(t *testing.T) {
	for _, e := range systemlog.Table() {
		want := strings.NewReplacer("%1", "shop", "%2", "api", "%3", "exit code 1").Replace(e.Text) + "\r\n"
		if got := format(t, e.Identifier(), "shop", "api", "exit code 1"); got != want {
			t.Errorf("event %d reads %q, want %q", e.ID, got, want)
		}
	}
}

func TestVersionAndManifest(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	size, err := windows.GetFileVersionInfoSize(exe, nil)
	if err != nil {
		t.Fatal(err)
	}
	info := make([]byte, size)
	if err := windows.GetFileVersionInfo(exe, 0, size, unsafe.Pointer(&info[0])); err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]string{"ProductName": "daruma", "OriginalFilename": "daruma.exe", "CompanyName": "The daruma authors"} {
		var value *uint16
		var n uint32
		if err := windows.VerQueryValue(unsafe.Pointer(&info[0]), `\StringFileInfo\040904B0\`+key, unsafe.Pointer(&value), &n); err != nil {
			t.Errorf("%s: %v", key, err)
		} else if got := windows.UTF16PtrToString(value); got != want {
			t.Errorf("%s is %q, want %q", key, got, want)
		}
	}
	resource, err := windows.FindResource(0, windows.CREATEPROCESS_MANIFEST_RESOURCE_ID, windows.RT_MANIFEST)
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := windows.LoadResourceData(0, resource)
	if err != nil || !bytes.Contains(manifest, []byte("asInvoker")) || !bytes.Contains(manifest, []byte("longPathAware")) {
		t.Errorf("manifest %q %v", manifest, err)
	}
}

// What the supervisor tells is read in the Application log with its text. The test's executable is the message file.
func TestEventsAreReadWithTheirTexts(t *testing.T) {
	name := fmt.Sprintf("daruma-events-%d", os.Getpid())
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := systemlog.RegisterEventSource(name, exe); err != nil {
		t.Skipf("registers an event source: run it as administrator (%v)", err)
	}
	defer func() {
		if err := systemlog.UnregisterEventSource(name); err != nil {
			t.Error(err)
		}
	}()
	log := systemlog.Open(name, func(err error) { t.Error(err) })
	log.Tell(systemlog.Event{Kind: "failed", Program: "api", Reason: "exit code 3, 100%1 sure"})
	log.Tell(systemlog.Event{Kind: "serviceStarted", Reason: "a test"})
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := log.Close(ctx); err != nil {
		t.Fatal(err)
	}
	if onWine() {
		t.Skip("Wine: events can be reported, and none can be read back")
	}
	for _, want := range []string{
		"Program api of service " + name + " was given up: exit code 3, 100% 1 sure.", ">1113</EventID>", "Qualifiers='57344'",
		"Service " + name + " was started: a test.", ">1001</EventID>", "Qualifiers='24576'",
	} {
		for deadline := time.Now().Add(20 * time.Second); ; {
			out, err := exec.Command("wevtutil", "qe", "Application", "/q:*[System[Provider[@Name='"+name+"']]]", "/f:RenderedXml").CombinedOutput()
			if strings.Contains(string(out), want) {
				break
			}
			if time.Now().After(deadline) {
				t.Errorf("%q isn't in the Application log (%v): %s", want, err, out)
				break
			}
			time.Sleep(200 * time.Millisecond) // sleep: the Event Log tells nobody when an event can be read
		}
	}
}
