package main

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/google/uuid"
)

// installer makes the MSI of a target. wixl and msibuild make it, which Debian has (packages wixl and msitools).
//
// It puts files in their places and the folder into PATH, and nothing more. There is no table of services: an MSI that owns services stops
// them in every upgrade, gives them their first account back, and leaves them marked for deletion. Services belong to daruma install.
func (r release) installer(ctx context.Context, t target, archive []file) ([]byte, error) {
	dir, err := os.MkdirTemp("", "daruma-msi-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	source, err := r.installerSource(archive)
	if err != nil {
		return nil, err
	}
	files := append([]file{{"daruma.wxs", 0o644, source}, {"Environment.idt", 0o644, []byte(pathTable)}, {"Upgrade.idt", 0o644, []byte(r.upgradeTable())}}, archive...)
	for _, f := range files {
		path := filepath.Join(dir, filepath.FromSlash(f.name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return nil, err
		}
		if err := os.WriteFile(path, f.data, 0o644); err != nil {
			return nil, err
		}
		if err := os.Chtimes(path, r.date, r.date); err != nil { // the cabinet has the files' dates
			return nil, err
		}
	}
	if err := tool(ctx, dir, "wixl", "-a", "x64", "-o", "daruma.msi", "daruma.wxs"); err != nil {
		return nil, err
	}
	if err := tool(ctx, dir, "msibuild", r.installerTables(t)...); err != nil {
		return nil, err
	}
	data, err := os.ReadFile(filepath.Join(dir, "daruma.msi"))
	if err != nil {
		return nil, err
	}
	return data, dateInstaller(data, r.date)
}

// tool runs a program in dir, in UTC: cabinets have dates without a zone.
func tool(ctx context.Context, dir, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "TZ=UTC", "LC_ALL=C")
	out, err := cmd.CombinedOutput()
	if errors.Is(err, exec.ErrNotFound) {
		return fmt.Errorf("the MSI needs %s: apt install wixl msitools, or leave the targets of Windows out with -only", name)
	}
	if err != nil {
		return fmt.Errorf("%s: %w\n%s", name, err, out)
	}
	return nil
}

// productCode names this version of daruma for Windows Installer, the same in every build of it.
func (r release) productCode(what string) string {
	return guid(what + "/" + r.version)
}

// guid is a name's GUID (RFC 9562, version 5): the names mustn't change, because an upgrade knows the installed release by them.
func guid(name string) string {
	return strings.ToUpper(uuid.NewSHA1(uuid.NameSpaceURL, []byte("https://github.com/daruma-sh/daruma/msi/"+name)).String())
}

// upgradeCode is what all releases have in common, for every processor: one replaces the other.
func upgradeCode() string { return guid("upgrade") }

// installerSource is what wixl reads.
//
// REBOOT=ReallySuppress: msiexec /qn would otherwise restart the machine by itself where a file is in use, and daruma.exe always is.
// MSIRESTARTMANAGERCONTROL: the Restart Manager would stop the services that hold the files.
// REINSTALLMODE=amus: wixl writes no file versions, and Windows Installer keeps a file that has one rather than replace it by one that
// has none (learn.microsoft.com/windows/win32/msi/file-versioning-rules). The a replaces files always.
func (r release) installerSource(archive []file) ([]byte, error) {
	p := product{
		ID: r.productCode("product"), Name: "daruma", Language: "1033", Version: r.numbers(), Manufacturer: "The daruma authors", UpgradeCode: upgradeCode(),
		Package: wixPackage{InstallerVersion: "500", Compressed: "yes", InstallScope: "perMachine", Description: "daruma " + r.version, Comments: "Service supervisor that keeps programs running"},
		Upgrade: majorUpgrade{"A newer release of daruma is installed: uninstall it first, if this older one is what you want."},
		Media:   media{"1", "daruma.cab", "yes"},
		Properties: []property{{"ARPURLINFOABOUT", "https://github.com/daruma-sh/daruma"}, {"ARPNOMODIFY", "1"}, {"MSIRESTARTMANAGERCONTROL", "Disable"},
			{"REBOOT", "ReallySuppress"}, {"REINSTALLMODE", "amus"}},
		Feature: feature{ID: "daruma", Level: "1"},
	}
	top := directory{ID: "INSTALLDIR", Name: "daruma"}
	for n, f := range archive {
		c := component{ID: fmt.Sprintf("c%d", n), GUID: guid("component/" + f.name), Win64: "yes", File: wixFile{fmt.Sprintf("f%d", n), filepath.Base(f.name), f.name, "yes"}}
		if f.name == "daruma.exe" {
			c.ID = "daruma.exe" // what the entry in PATH belongs to
		}
		p.Feature.Refs = append(p.Feature.Refs, ref{c.ID})
		folder := &top
		if dir, _, nested := strings.Cut(f.name, "/"); nested {
			folder = top.sub(dir)
		}
		folder.Components = append(folder.Components, c)
	}
	p.Root = directory{ID: "TARGETDIR", Name: "SourceDir", Directories: []*directory{{ID: "ProgramFiles64Folder", Directories: []*directory{&top}}}}
	text, err := xml.MarshalIndent(wix{Namespace: "http://schemas.microsoft.com/wix/2006/wi", Product: p}, "", " ")
	return append([]byte(xml.Header), text...), err
}

// pathTable appends the folder to the machine's Path, and takes it out again: =- set at install and removed at uninstall, * the machine's
// and not the user's, [~] what is there (learn.microsoft.com/windows/win32/msi/environment-table). wixl 0.101 has no element for it.
const pathTable = "Environment\tName\tValue\tComponent_\r\ns72\tl255\tL255\ts72\r\nEnvironment\tEnvironment\r\nPath\t=-*Path\t[~];[INSTALLDIR]\tdaruma.exe\r\n"

// installerTables are the arguments of msibuild for what wixl can't do.
func (r release) installerTables(t target) []string {
	const sequence = "INSERT INTO InstallExecuteSequence (Action, Sequence) VALUES ('%s', %d)"
	template := map[string]string{"amd64": "x64;1033", "arm64": "Arm64;1033"}[t.arch]
	return []string{"daruma.msi",
		"-q", "DROP TABLE ServiceInstall", "-q", "DROP TABLE ServiceControl", // wixl makes them, empty
		"-i", "Environment.idt", "-i", "Upgrade.idt",
		"-q", fmt.Sprintf(sequence, "RemoveEnvironmentStrings", 3300),
		"-q", fmt.Sprintf(sequence, "WriteEnvironmentStrings", 5200),
		// The old release goes after the new one is there, so that at no time there is no daruma.exe for a service that just starts.
		"-q", "UPDATE InstallExecuteSequence SET Sequence = 6601 WHERE Action = 'RemoveExistingProducts'",
		"-s", "daruma", "The daruma authors", template, "{" + r.productCode("package "+t.arch) + "}", // takes all that follows
	}
}

// upgradeTable says which installed releases are replaced, and which stand in the way. 512, VersionMaxInclusive: 1.3.0 replaces 1.3.0-rc.1, which
// Windows Installer takes for the same number; 1 keeps what was chosen; 2 only finds (learn.microsoft.com/windows/win32/msi/upgrade-table).
func (r release) upgradeTable() string {
	const head = "UpgradeCode\tVersionMin\tVersionMax\tLanguage\tAttributes\tRemove\tActionProperty\r\ns38\tS20\tS20\tS255\ti4\tS255\ts72\r\n" +
		"Upgrade\tUpgradeCode\tVersionMin\tVersionMax\tLanguage\tAttributes\r\n"
	return head + fmt.Sprintf("{%[1]s}\t\t%[2]s\t\t513\t\tWIX_UPGRADE_DETECTED\r\n{%[1]s}\t%[2]s\t\t\t2\t\tWIX_DOWNGRADE_DETECTED\r\n", upgradeCode(), r.numbers())
}

// numbers is the version as Windows Installer knows it, which has no suffix.
func (r release) numbers() string {
	numbers, _, _ := strings.Cut(r.version, "-")
	return numbers
}
