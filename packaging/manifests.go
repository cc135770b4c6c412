package main

import (
	"crypto/sha256"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"slices"
	"strings"
)

// home is where the releases of daruma are.
const home = "https://github.com/daruma-sh/daruma"

// address is where a file of the release is downloaded from.
func (r release) address(name string) string {
	base := r.url
	if base == "" {
		base = home + "/releases/download/v" + r.version
	}
	return strings.TrimSuffix(base, "/") + "/" + name
}

// manifests adds what winget, Scoop and Chocolatey know a release by: addresses and sums of what was made for Windows. Nothing where
// nothing was.
func (r release) manifests(made map[string][]byte, targets []target) error {
	var found []windowsRelease
	for _, t := range targets {
		if t.os != "windows" {
			continue
		}
		name := fmt.Sprintf("daruma-%s-windows-%s", r.version, t.processor())
		w := windowsRelease{arch: t.arch, msi: name + ".msi", zip: name + ".zip"}
		w.msiSum, w.zipSum = fmt.Sprintf("%X", sha256.Sum256(made[w.msi])), fmt.Sprintf("%x", sha256.Sum256(made[w.zip]))
		found = append(found, w)
	}
	if len(found) == 0 {
		return nil
	}
	slices.SortFunc(found, func(a, b windowsRelease) int { return strings.Compare(a.arch, b.arch) })
	const winget = "winget/Daruma.Daruma"
	made[winget+".yaml"] = []byte(r.wingetVersion())
	made[winget+".installer.yaml"] = []byte(r.wingetInstaller(found))
	made[winget+".locale.en-US.yaml"] = []byte(r.wingetLocale())
	made["chocolatey/tools/chocolateyInstall.ps1"] = []byte(r.chocolateyInstall(found))
	var err error
	if made["chocolatey/daruma.nuspec"], err = r.nuspec(); err != nil {
		return err
	}
	made["scoop/daruma.json"], err = r.scoop(found)
	return err
}

// windowsRelease is what there is for a processor.
type windowsRelease struct {
	arch           string // as GOARCH
	msi, zip       string // names of the files
	msiSum, zipSum string // SHA-256
}

// The schemas are in github.com/microsoft/winget-cli, schemas/JSON/manifests.
func wingetHead(kind string) string {
	return "# yaml-language-server: $schema=https://aka.ms/winget-manifest." + strings.ToLower(kind[:1]) + kind[1:] + ".1.10.0.schema.json\n\nPackageIdentifier: Daruma.Daruma\n"
}

func wingetEnd(kind string) string {
	return "ManifestType: " + kind + "\nManifestVersion: 1.10.0\n"
}

func (r release) wingetVersion() string {
	return wingetHead("version") + "PackageVersion: " + r.version + "\nDefaultLocale: en-US\n" + wingetEnd("version")
}

// wingetInstaller: the MSI, because services need a daruma.exe that only administrators can change, and a portable one lies in the user's
// own folder. DisplayVersion is what Windows shows, which has no suffix; without it winget would offer a release candidate for ever.
func (r release) wingetInstaller(found []windowsRelease) string {
	var b strings.Builder
	b.WriteString(wingetHead("installer"))
	fmt.Fprintf(&b, "PackageVersion: %s\nInstallerType: wix\nScope: machine\nUpgradeBehavior: install\nElevationRequirement: elevatesSelf\nCommands:\n- daruma\n- daruma-observe\nReleaseDate: %s\nInstallers:\n",
		r.version, r.date.Format("2006-01-02"))
	for _, w := range found {
		arch := map[string]string{"amd64": "x64", "arm64": "arm64"}[w.arch]
		fmt.Fprintf(&b, "- Architecture: %s\n  InstallerUrl: %s\n  InstallerSha256: %s\n  ProductCode: '{%s}'\n", arch, r.address(w.msi), w.msiSum, r.productCode("product"))
		fmt.Fprintf(&b, "  AppsAndFeaturesEntries:\n  - DisplayName: daruma\n    DisplayVersion: %s\n    ProductCode: '{%s}'\n    UpgradeCode: '{%s}'\n", r.numbers(), r.productCode("product"), upgradeCode())
	}
	b.WriteString(wingetEnd("installer"))
	return b.String()
}

func (r release) wingetLocale() string {
	return wingetHead("defaultLocale") + "PackageVersion: " + r.version + `
PackageLocale: en-US
Publisher: The daruma authors
PublisherUrl: ` + home + `
PackageName: daruma
PackageUrl: ` + home + `
License: Apache-2.0
LicenseUrl: ` + home + `/blob/main/LICENSE
ShortDescription: Service supervisor that keeps programs running
Moniker: daruma
Tags:
- service
- supervisor
- windows-service
ReleaseNotesUrl: ` + home + "/releases/tag/v" + r.version + "\n" + wingetEnd("defaultLocale")
}

// scoop is a manifest of Scoop (github.com/ScoopInstaller/Scoop, schema.json).
func (r release) scoop(found []windowsRelease) ([]byte, error) {
	type download struct {
		URL  string `json:"url"`
		Hash string `json:"hash,omitempty"`
	}
	now, later := map[string]download{}, map[string]download{}
	for _, w := range found {
		arch := map[string]string{"amd64": "64bit", "arm64": "arm64"}[w.arch]
		now[arch] = download{r.address(w.zip), w.zipSum}
		later[arch] = download{URL: home + "/releases/download/v$version/daruma-$version-windows-" + w.arch + ".zip"}
	}
	text, err := json.MarshalIndent(struct {
		Version      string              `json:"version"`
		Description  string              `json:"description"`
		Homepage     string              `json:"homepage"`
		License      string              `json:"license"`
		Notes        []string            `json:"notes"`
		Architecture map[string]download `json:"architecture"`
		Bin          []string            `json:"bin"`
		CheckVersion string              `json:"checkver"`
		AutoUpdate   any                 `json:"autoupdate"`
	}{
		r.version, "Service supervisor that keeps programs running", home, "Apache-2.0",
		[]string{"To install services take the MSI: a service needs a daruma.exe that only administrators can change, and Scoop's lies in your own folder."},
		now, []string{"daruma.exe", "daruma-observe.exe"}, "github",
		map[string]any{"architecture": later, "hash": map[string]string{"url": "$baseurl/SHA256SUMS"}},
	}, "", "    ")
	return append(text, '\n'), err
}

// nuspec describes the package of Chocolatey (docs.chocolatey.org/en-us/create/create-packages). A suffix has no dots there: older releases of
// Chocolatey take none.
func (r release) nuspec() ([]byte, error) {
	numbers, suffix, _ := strings.Cut(r.version, "-")
	version := numbers
	if suffix != "" {
		version += "-" + strings.ReplaceAll(suffix, ".", "")
	}
	type item struct {
		Src    string `xml:"src,attr"`
		Target string `xml:"target,attr"`
	}
	type metadata struct {
		ID          string `xml:"id"`
		Version     string `xml:"version"`
		Title       string `xml:"title"`
		Authors     string `xml:"authors"`
		Project     string `xml:"projectUrl"`
		License     string `xml:"licenseUrl"`
		Acceptance  bool   `xml:"requireLicenseAcceptance"`
		Source      string `xml:"projectSourceUrl"`
		Tags        string `xml:"tags"`
		Summary     string `xml:"summary"`
		Description string `xml:"description"`
		Notes       string `xml:"releaseNotes"`
	}
	text, err := xml.MarshalIndent(struct {
		XMLName  xml.Name `xml:"http://schemas.microsoft.com/packaging/2015/06/nuspec.xsd package"`
		Metadata metadata `xml:"metadata"`
		Files    []item   `xml:"files>file"`
	}{
		Metadata: metadata{"daruma", version, "daruma", "The daruma authors", home, home + "/blob/main/LICENSE", false, home, "service supervisor windows-service admin",
			"Service supervisor that keeps programs running",
			"daruma takes any program and keeps it running: from boot, through crashes, hangs, bad deploys and the death of daruma itself.", home + "/releases/tag/v" + r.version},
		Files: []item{{`tools\**`, "tools"}},
	}, "", "  ")
	return append([]byte(xml.Header), append(text, '\n')...), err
}

// chocolateyInstall is the script that Chocolatey runs. 3010: a file is in use, and nothing has been restarted. There is no script for the
// removal: Chocolatey finds an MSI's by itself.
func (r release) chocolateyInstall(found []windowsRelease) string {
	var b strings.Builder
	b.WriteString("$ErrorActionPreference = 'Stop'\n$files = @{\n")
	for _, w := range found {
		fmt.Fprintf(&b, "  %s = @{ url64bit = '%s'; checksum64 = '%s' }\n", w.arch, r.address(w.msi), w.msiSum)
	}
	b.WriteString(`}
$arch = if ($env:PROCESSOR_ARCHITECTURE -eq 'ARM64' -or $env:PROCESSOR_ARCHITEW6432 -eq 'ARM64') { 'arm64' } else { 'amd64' }
if (-not $files.ContainsKey($arch)) { throw "daruma isn't built for $arch in this release." }
$file = $files[$arch]
Install-ChocolateyPackage -PackageName 'daruma' -FileType 'msi' -SilentArgs '/qn /norestart' -ValidExitCodes @(0, 3010) ` + "`" + `
  -Url64bit $file.url64bit -Checksum64 $file.checksum64 -ChecksumType64 'sha256'
`)
	return b.String()
}
