// Verifies a log in a folder with the packages behind Go's checksum database, which share no line with OpenForYou:
// the signature on the checkpoint, every tile at every level against the signed root, every record against its hash,
// and an inclusion proof for every thousandth record.
package main

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const height = 8
const width = 1 << height

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func read(folder string, path string) []byte {
	data, err := os.ReadFile(filepath.Join(folder, path))
	check(err)
	return data
}

// The paths of the checksum database have the height of a tile in them, those of tlog-tiles have not.
func place(tile tlog.Tile) string {
	return strings.Replace(tile.Path(), "tile/8/", "tile/", 1)
}

type folderTiles struct{ folder string }

func (tiles folderTiles) Height() int                     { return height }
func (tiles folderTiles) SaveTiles([]tlog.Tile, [][]byte) {}
func (tiles folderTiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	var found [][]byte
	for _, tile := range wanted {
		data, err := os.ReadFile(filepath.Join(tiles.folder, place(tile)))
		if err != nil {
			return nil, err
		}
		found = append(found, data)
	}
	return found, nil
}

func main() {
	folder := os.Args[1]
	verifier, err := note.NewVerifier(strings.TrimSpace(string(read(folder, "vkey"))))
	check(err)
	opened, err := note.Open(read(folder, "checkpoint"), note.VerifierList(verifier))
	check(err)
	lines := strings.Split(opened.Text, "\n")
	size, err := strconv.ParseInt(lines[1], 10, 64)
	check(err)
	hash, err := base64.StdEncoding.DecodeString(lines[2])
	check(err)
	var root tlog.Hash
	copy(root[:], hash)
	tree := tlog.Tree{N: size, Hash: root}
	// Proves each tile, and those above it, against the root before it gives a hash out of it.
	reader := tlog.TileHashReader(tree, folderTiles{folder})

	for start := int64(0); start < size; start += width {
		var indexes []int64
		var records [][]byte
		count := size - start
		if count > width {
			count = width
		}
		bundle := strings.Replace(place(tlog.Tile{H: height, L: 0, N: start / width, W: int(count)}), "tile/0/", "tile/entries/", 1)
		data := read(folder, bundle)
		for at := int64(0); at < count; at++ {
			length := 2 + int(binary.BigEndian.Uint16(data))
			records = append(records, data[2:length])
			indexes = append(indexes, tlog.StoredHashIndex(0, start+at))
			data = data[length:]
		}
		hashes, err := reader.ReadHashes(indexes)
		check(err)
		for at, record := range records {
			index := start + int64(at)
			if hashes[at] != tlog.RecordHash(record) {
				check(fmt.Errorf("record %d does not have the hash in its tile", index))
			}
			if index%1000 == 0 {
				proof, err := tlog.ProveRecord(size, index, reader)
				check(err)
				check(tlog.CheckRecord(proof, size, root, index, tlog.RecordHash(record)))
			}
		}
	}
	fmt.Printf("%s %d %x\n", lines[0], size, root[:])
}
