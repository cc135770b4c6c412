// Package archive is the package file of a release: a zip with the files of one version of a service, and a manifest that says what
// belongs in it.
//
// The first entry is the manifest, daruma-package.json, stored as it is. After it come the files, in the order of the manifest, which is
// that of their paths. Nothing else is in the zip, and nothing of the machine that wrote it: no time, no owner, no name. The same files
// give the same bytes.
//
// Who reads a package believes the manifest alone, once its signature is verified ([Package.Verify]): names, modes, sizes and hashes are
// the manifest's. The zip's own directory only says where the bytes of a file begin. So a zip whose directory and contents contradict
// each other, which is how readers of zips are commonly tricked, is refused.
//
//	manifest.go   what the manifest says, written and read
//	path.go       which paths may be in a package; version.go: which versions, and which is newer
//	write.go      files → package
//	read.go       package → manifest, verified
//	unpack.go     package → folder
package archive
