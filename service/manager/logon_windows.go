package manager

import (
	"errors"
	"fmt"
	"strings"
	"unsafe"

	"golang.org/x/sys/windows"
)

const logonRight = "SeServiceLogonRight"

// logonSetting is the user right "log on as a service". Virtual and built-in accounts have it from Windows; others get it here,
// as services.msc gives it. Group policy may take it back, and then the start fails with 1069.
// Source: https://learn.microsoft.com/windows/security/threat-protection/security-policy-settings/log-on-as-a-service
func (s *scm) logonSetting(account string) setting {
	return setting{name: "LOG_ON_AS_A_SERVICE", volatile: true, want: "granted",
		read: func() (string, error) {
			has, err := lsaAccount(account, policyLook, hasLogonRight)
			if errors.Is(err, windows.ERROR_ACCESS_DENIED) {
				return "(not shown)", nil // to those who have only the right to read
			}
			if err != nil || !has {
				return "", err
			}
			return "granted", nil
		},
		write: func() error {
			_, err := lsaAccount(account, policyLook|policyCreateAccount, addLogonRight)
			return err
		}}
}

// findAccount refuses a user that isn't there before anything is changed: the SCM would take the name, and fail at the start.
func (s *scm) findAccount(spec Spec) error {
	if !UserAccount(spec.Account) {
		return nil
	}
	if _, _, _, err := windows.LookupSID("", lookupName(startName(spec))); err != nil {
		return &Error{Op: s.op, Name: s.name, Kind: ErrInvalid, Detail: "there is no account " + spec.Account, Cause: err,
			Remedy: `write it as DOMAIN\user or user; a managed service account ends in $, and must be installed on this machine`}
	}
	return nil
}

// lookupName leaves out .\, which LookupAccountName doesn't know.
func lookupName(account string) string { return strings.TrimPrefix(account, `.\`) }

// lsaString is LSA_UNICODE_STRING: lengths in bytes.
type lsaString struct {
	length, maximum uint16
	buffer          *uint16
}

// lsaAttributes is LSA_OBJECT_ATTRIBUTES, all zero but its length.
type lsaAttributes struct {
	length     uint32
	root       windows.Handle
	name       *lsaString
	attributes uint32
	descriptor uintptr
	quality    uintptr
}

// Access to the machine's policy (ntsecapi.h).
const (
	policyLook          = 0x800 | 0x1 // POLICY_LOOKUP_NAMES, POLICY_VIEW_LOCAL_INFORMATION
	policyCreateAccount = 0x10        // POLICY_CREATE_ACCOUNT
)

// lsaAccount opens the machine's policy and does something with one account in it.
func lsaAccount(account string, access uintptr, do func(policy windows.Handle, sid *windows.SID) (bool, error)) (bool, error) {
	sid, _, _, err := windows.LookupSID("", lookupName(account))
	if err != nil {
		return false, fmt.Errorf("there is no account %s: %w", account, err)
	}
	attributes := lsaAttributes{}
	attributes.length = uint32(unsafe.Sizeof(attributes))
	var policy windows.Handle
	if err := lsa("LsaOpenPolicy", 0, uintptr(unsafe.Pointer(&attributes)), access, uintptr(unsafe.Pointer(&policy))); err != nil {
		return false, err
	}
	defer func() { _ = lsa("LsaClose", uintptr(policy)) }()
	return do(policy, sid)
}

func hasLogonRight(policy windows.Handle, sid *windows.SID) (bool, error) {
	var list *lsaString
	var count uint32
	err := lsa("LsaEnumerateAccountRights", uintptr(policy), uintptr(unsafe.Pointer(sid)), uintptr(unsafe.Pointer(&list)),
		uintptr(unsafe.Pointer(&count)))
	if errors.Is(err, windows.ERROR_FILE_NOT_FOUND) { // it has no right at all
		return false, nil
	} else if err != nil || list == nil {
		return false, err
	}
	defer func() { _ = lsa("LsaFreeMemory", uintptr(unsafe.Pointer(list))) }()
	for _, right := range unsafe.Slice(list, count) {
		if windows.UTF16ToString(unsafe.Slice(right.buffer, right.length/2)) == logonRight {
			return true, nil
		}
	}
	return false, nil
}

func addLogonRight(policy windows.Handle, sid *windows.SID) (bool, error) {
	text, err := windows.UTF16FromString(logonRight)
	if err != nil {
		return false, err
	}
	bytes := uint16(2 * (len(text) - 1))
	right := lsaString{length: bytes, maximum: bytes + 2, buffer: &text[0]}
	return true, lsa("LsaAddAccountRights", uintptr(policy), uintptr(unsafe.Pointer(sid)), uintptr(unsafe.Pointer(&right)), 1)
}

// lsa calls a function of the Local Security Authority, whose answers are NTSTATUS.
//
//go:uintptrescapes
func lsa(function string, args ...uintptr) error {
	proc := windows.NewLazySystemDLL("advapi32.dll").NewProc(function)
	if err := proc.Find(); err != nil {
		return err
	}
	if status, _, _ := proc.Call(args...); status != 0 {
		return windows.NTStatus(uint32(status)).Errno()
	}
	return nil
}
