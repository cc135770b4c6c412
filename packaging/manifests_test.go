package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"
)

// manifestsOf makes those of a release for both processors.
func manifestsOf(t *testing.T, version string) map[string][]byte {
	t.Helper()
	made := map[string][]byte{}
	for _, arch := range []string{"amd64", "arm64"} {
		for _, kind := range []string{"msi", "zip"} {
			made["daruma-"+version+"-windows-"+arch+"."+kind] = []byte(kind + " for " + arch)
		}
	}
	targets, err := chosen("linux/amd64,windows/arm64,windows/amd64")
	if err != nil {
		t.Fatal(err)
	}
	if err := releaseOf(version).manifests(made, targets); err != nil {
		t.Fatal(err)
	}
	return made
}

// TestManifests: each names its files with their sums, for both processors.
func TestManifests(t *testing.T) {
	made := manifestsOf(t, "1.3.0-rc.1")
	sum := func(kind, arch string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(kind+" for "+arch))) }
	address := func(kind, arch string) string {
		return "https://github.com/daruma-sh/daruma/releases/download/v1.3.0-rc.1/daruma-1.3.0-rc.1-windows-" + arch + "." + kind
	}
	text := string(made["winget/Daruma.Daruma.installer.yaml"])
	for arch, name := range map[string]string{"amd64": "x64", "arm64": "arm64"} {
		want := "- Architecture: " + name + "\n  InstallerUrl: " + address("msi", arch) + "\n  InstallerSha256: " + strings.ToUpper(sum("msi", arch)) + "\n"
		if !strings.Contains(text, want) {
			t.Errorf("winget lacks\n%s", want)
		}
		script := string(made["chocolatey/tools/chocolateyInstall.ps1"])
		if want := arch + " = @{ url64bit = '" + address("msi", arch) + "'; checksum64 = '" + strings.ToUpper(sum("msi", arch)) + "' }"; !strings.Contains(script, want) {
			t.Errorf("Chocolatey lacks\n%s", want)
		}
	}
	if !strings.Contains(text, "DisplayVersion: 1.3.0\n") {
		t.Error("winget doesn't know what Windows shows of a release candidate")
	}
	var scoop struct {
		Version      string
		Architecture map[string]struct{ URL, Hash string }
	}
	if err := json.Unmarshal(made["scoop/daruma.json"], &scoop); err != nil {
		t.Fatal(err)
	}
	for arch, name := range map[string]string{"amd64": "64bit", "arm64": "arm64"} {
		if got := scoop.Architecture[name]; got.URL != address("zip", arch) || got.Hash != sum("zip", arch) {
			t.Errorf("Scoop, %s: %+v", name, got)
		}
	}
	var nuspec struct {
		Metadata struct {
			ID      string `xml:"id"`
			Version string `xml:"version"`
		} `xml:"metadata"`
	}
	if err := xml.Unmarshal(made["chocolatey/daruma.nuspec"], &nuspec); err != nil || nuspec.Metadata.ID != "daruma" || nuspec.Metadata.Version != "1.3.0-rc1" {
		t.Errorf("Chocolatey: %+v %v", nuspec, err)
	}
}

// TestNoManifestsWithoutWindows: there is nothing that they could name.
func TestNoManifestsWithoutWindows(t *testing.T) {
	made := map[string][]byte{}
	if err := releaseOf("1.2.3").manifests(made, []target{{"linux", "amd64", ""}}); err != nil || len(made) != 0 {
		t.Errorf("%v %v", made, err)
	}
}

// TestPublishedSchemas compares the manifests with the schemas that winget and Scoop publish. They aren't part of these sources:
// DARUMA_TEST_SCHEMAS names a folder with manifest.version.1.10.0.json, manifest.installer.1.10.0.json and manifest.defaultLocale.1.10.0.json out of
// github.com/microsoft/winget-cli, and Scoop's schema.json as scoop.json.
func TestPublishedSchemas(t *testing.T) {
	dir := os.Getenv("DARUMA_TEST_SCHEMAS")
	if dir == "" {
		t.Skip("DARUMA_TEST_SCHEMAS names no folder with the published schemas")
	}
	for _, version := range []string{"1.2.3", "1.3.0-rc.1"} {
		made := manifestsOf(t, version)
		for name, schema := range map[string]string{
			"winget/Daruma.Daruma.yaml": "manifest.version.1.10.0.json", "winget/Daruma.Daruma.installer.yaml": "manifest.installer.1.10.0.json",
			"winget/Daruma.Daruma.locale.en-US.yaml": "manifest.defaultLocale.1.10.0.json", "scoop/daruma.json": "scoop.json",
		} {
			compiled, err := jsonschema.NewCompiler().Compile(filepath.Join(dir, schema))
			if err != nil {
				t.Fatal(err)
			}
			var value any
			if err := yaml.Unmarshal(made[name], &value); err != nil { // JSON is YAML
				t.Fatal(err)
			}
			text, err := json.Marshal(withDatesAsText(value))
			if err != nil {
				t.Fatal(err)
			}
			if value, err = jsonschema.UnmarshalJSON(bytes.NewReader(text)); err != nil {
				t.Fatal(err)
			}
			if err := compiled.Validate(value); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// withDatesAsText undoes what YAML makes of a date, which is text in the schema.
func withDatesAsText(value any) any {
	switch v := value.(type) {
	case map[string]any:
		for key, one := range v {
			v[key] = withDatesAsText(one)
		}
	case []any:
		for n, one := range v {
			v[n] = withDatesAsText(one)
		}
	case time.Time:
		return v.Format(time.DateOnly)
	}
	return value
}
