package main

import (
	"bytes"
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/hex"
	"time"

	"github.com/CycloneDX/cyclonedx-go"
)

// billOfMaterials lists what daruma's executable was built from, in CycloneDX's JSON: what the Go linker wrote into it, and not what go.mod
// would allow.
func (r release) billOfMaterials(executable string, archive []file) ([]byte, error) {
	build, err := buildinfo.ReadFile(executable)
	if err != nil {
		return nil, err
	}
	bom := cyclonedx.NewBOM()
	bom.SerialNumber = "" // a random one would differ from build to build
	main := &cyclonedx.Component{BOMRef: "daruma", Type: cyclonedx.ComponentTypeApplication, Name: "daruma", Version: r.version, PackageURL: "pkg:golang/" + build.Main.Path + "@v" + r.version}
	for _, f := range archive {
		if f.mode&0o111 != 0 {
			sum := sha256.Sum256(f.data)
			main.Components = appendTo(main.Components, cyclonedx.Component{Type: cyclonedx.ComponentTypeFile, Name: f.name,
				Hashes: &[]cyclonedx.Hash{{Algorithm: cyclonedx.HashAlgoSHA256, Value: hex.EncodeToString(sum[:])}}})
		}
	}
	bom.Metadata = &cyclonedx.Metadata{Timestamp: r.date.Format(time.RFC3339), Component: main}
	components := []cyclonedx.Component{{BOMRef: "go", Type: cyclonedx.ComponentTypeLibrary, Name: "std", Version: build.GoVersion, PackageURL: "pkg:golang/std@" + build.GoVersion[len("go"):]}}
	for _, m := range build.Deps {
		purl := "pkg:golang/" + m.Path + "@" + m.Version
		components = append(components, cyclonedx.Component{BOMRef: purl, Type: cyclonedx.ComponentTypeLibrary, Name: m.Path, Version: m.Version, PackageURL: purl})
	}
	bom.Components = &components
	var b bytes.Buffer
	encoder := cyclonedx.NewBOMEncoder(&b, cyclonedx.BOMFileFormatJSON)
	err = encoder.SetPretty(true).EncodeVersion(bom, cyclonedx.SpecVersion1_6)
	return b.Bytes(), err
}

func appendTo(list *[]cyclonedx.Component, one cyclonedx.Component) *[]cyclonedx.Component {
	if list == nil {
		return &[]cyclonedx.Component{one}
	}
	*list = append(*list, one)
	return list
}
