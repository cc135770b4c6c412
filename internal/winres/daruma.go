package winres

import (
	_ "embed" // the manifest
	"errors"
	"strings"

	"github.com/daruma-sh/daruma/internal/systemlog"
)

// manifest: asInvoker, because without it Windows guesses from a file's name whether it installs something; long paths; no
// activeCodePage, because daruma calls no function of the ANSI kind, and what programs print is in the machine's code page.
// Source: learn.microsoft.com/windows/win32/sbscs/application-manifests
//
//go:embed manifest.xml
var manifest []byte

// File gives the name of the object file of a processor (amd64, arm64), by which go build knows where it belongs.
func File(goarch string) string { return "rsrc_windows_" + goarch + ".syso" }

// Daruma gives daruma.exe's resources for a processor (amd64, arm64) as an object file. version is major.minor.patch.
func Daruma(goarch, version string) ([]byte, error) {
	messages, err := messageTable(systemlog.Table())
	if err != nil {
		return nil, err
	}
	info, err := versionInfo(version)
	if err != nil {
		return nil, err
	}
	return object(goarch, []resource{{typeMessageTable, messages}, {typeVersion, info}, {typeManifest, manifest}})
}

// Version gives the newest release that a changelog names ("## [1.2.3] - 2026-07-01"), 0.0.0 before the first.
func Version(changelog string) (string, error) {
	if !strings.HasPrefix(changelog, "# Changelog") {
		return "", errors.New("this is no changelog: its first line isn't # Changelog")
	}
	for line := range strings.Lines(changelog) {
		rest, ok := strings.CutPrefix(line, "## [")
		if !ok {
			continue
		}
		if version, _, ok := strings.Cut(rest, "]"); ok && version != "Unreleased" {
			return version, nil
		}
	}
	return "0.0.0", nil
}
