package control

import (
	"strings"
	"testing"

	"golang.org/x/sys/windows"

	"github.com/daruma-sh/daruma/internal/readers"
)

// ownSet are readers of whom the test's own user is one.
func ownSet(t *testing.T) readers.Set {
	user, err := windows.GetCurrentProcessToken().GetTokenUser()
	if err != nil {
		t.Fatal(err)
	}
	return readers.Set{SIDs: []string{user.User.Sid.String()}}
}

// TestAccessListOfReaders: readers talk through the pipe, and make no instance of it. The text is one that Windows takes.
func TestAccessListOfReaders(t *testing.T) {
	own, err := accessList()
	if err != nil {
		t.Fatal(err)
	}
	set := readers.Set{SIDs: []string{"S-1-5-32-545", "S-1-5-80-1-2-3-4-5"}}
	pipe := own + entries(rightsOfReaders, set)
	if want := "(A;;0x12019b;;;S-1-5-32-545)(A;;0x12019b;;;S-1-5-80-1-2-3-4-5)"; !strings.HasSuffix(pipe, want) || !strings.HasPrefix(pipe, "D:P(A;;GA;;;") {
		t.Errorf("the pipe's list is %s", pipe)
	}
	const createInstance = windows.FILE_APPEND_DATA // FILE_CREATE_PIPE_INSTANCE has its number
	if rightsOfReaders&(createInstance|windows.WRITE_DAC|windows.WRITE_OWNER|windows.DELETE) != 0 {
		t.Errorf("readers have %#x", rightsOfReaders)
	}
	file := own + entries(windows.FILE_GENERIC_READ, set)
	if want := "(A;;0x120089;;;S-1-5-32-545)"; !strings.Contains(file, want) {
		t.Errorf("the file's list is %s", file)
	}
	for _, list := range []string{pipe, file} {
		if _, err := windows.SecurityDescriptorFromString(list); err != nil {
			t.Errorf("%s: %v", list, err)
		}
	}
}
