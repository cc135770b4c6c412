package main

import "encoding/xml"

// The elements of WiX 3 that an installer is described with; wixl knows about as many.
type (
	wix struct {
		XMLName   xml.Name `xml:"Wix"`
		Namespace string   `xml:"xmlns,attr"`
		Product   product
	}
	product struct {
		ID           string `xml:"Id,attr"`
		Name         string `xml:",attr"`
		Language     string `xml:",attr"`
		Version      string `xml:",attr"`
		Manufacturer string `xml:",attr"`
		UpgradeCode  string `xml:",attr"`
		Package      wixPackage
		Upgrade      majorUpgrade `xml:"MajorUpgrade"`
		Media        media
		Properties   []property `xml:"Property"`
		Root         directory  `xml:"Directory"`
		Feature      feature
	}
	wixPackage struct {
		InstallerVersion string `xml:",attr"`
		Compressed       string `xml:",attr"`
		InstallScope     string `xml:",attr"`
		Description      string `xml:",attr"`
		Comments         string `xml:",attr"`
	}
	majorUpgrade struct {
		DowngradeErrorMessage string `xml:",attr"`
	}
	media struct {
		ID       string `xml:"Id,attr"`
		Cabinet  string `xml:",attr"`
		EmbedCab string `xml:",attr"`
	}
	property struct {
		ID    string `xml:"Id,attr"`
		Value string `xml:",attr"`
	}
	directory struct {
		ID          string       `xml:"Id,attr"`
		Name        string       `xml:",attr,omitempty"`
		Components  []component  `xml:"Component"`
		Directories []*directory `xml:"Directory"`
	}
	component struct {
		ID    string `xml:"Id,attr"`
		GUID  string `xml:"Guid,attr"`
		Win64 string `xml:",attr"`
		File  wixFile
	}
	wixFile struct {
		ID      string `xml:"Id,attr"`
		Name    string `xml:",attr"`
		Source  string `xml:",attr"`
		KeyPath string `xml:",attr"`
	}
	feature struct {
		ID    string `xml:"Id,attr"`
		Level string `xml:",attr"`
		Refs  []ref  `xml:"ComponentRef"`
	}
	ref struct {
		ID string `xml:"Id,attr"`
	}
)

// sub gives the folder of that name, made where it isn't there yet.
func (d *directory) sub(name string) *directory {
	for _, one := range d.Directories {
		if one.Name == name {
			return one
		}
	}
	d.Directories = append(d.Directories, &directory{ID: "d." + name, Name: name})
	return d.Directories[len(d.Directories)-1]
}
