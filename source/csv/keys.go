package csv

import (
	"cmp"
	"encoding/hex"
	"hash/maphash"
	"slices"
	"strings"
)

// key is the hash of a name and the row that it stands in.
type key struct {
	hash uint64
	row  uint32
}

// keys finds users by id and user principal name. It holds hashes instead of names,
// about 50 bytes a user. Two different names share a hash once in ten million files
// of a million users; the file is then refused, and accepted when tried again,
// because the hash is another one in each process.
type keys struct {
	seed  maphash.Seed
	ids   []key
	names []key
	guids [][16]byte        // by row
	other map[uint32]string // ids that are no GUIDs, by row
	lines []uint32          // by row
}

// newKeys returns an empty set.
func newKeys(seed maphash.Seed) *keys { return &keys{seed: seed, other: map[uint32]string{}} }

// foldName gives all spellings of a user principal name one form.
func foldName(name string) string { return strings.ToLower(name) }

// add takes in the next row. Either name may be empty.
func (k *keys) add(id, name string, line int) {
	number := uint32(len(k.lines))          //nolint:gosec // four billion rows are not read
	k.lines = append(k.lines, uint32(line)) //nolint:gosec // as above
	packed, ok := packGUID(id)
	k.guids = append(k.guids, packed)
	if !ok {
		k.other[number] = id
	}
	if id != "" {
		k.ids = append(k.ids, key{maphash.String(k.seed, id), number})
	}
	if name != "" {
		k.names = append(k.names, key{maphash.String(k.seed, foldName(name)), number})
	}
}

// sort makes the set ready for finding.
func (k *keys) sort() {
	for _, list := range [][]key{k.ids, k.names} {
		slices.SortFunc(list, func(a, b key) int { return cmp.Or(cmp.Compare(a.hash, b.hash), cmp.Compare(a.row, b.row)) })
	}
}

// repeated returns for each row whose key an earlier row has too that first row.
func repeated(list []key) map[uint32]uint32 {
	again := map[uint32]uint32{}
	for i, first := 1, 0; i < len(list); i++ {
		if list[i].hash != list[first].hash {
			first = i
			continue
		}
		again[list[i].row] = list[first].row
	}
	return again
}

// find returns the first row with this id or, failing that, user principal name.
func (k *keys) find(name string) (uint32, bool) {
	if i, ok := k.search(k.ids, name); ok {
		return i, true
	}
	return k.search(k.names, foldName(name))
}

func (k *keys) search(list []key, name string) (uint32, bool) {
	hash := maphash.String(k.seed, name)
	i, ok := slices.BinarySearchFunc(list, hash, func(k key, hash uint64) int { return cmp.Compare(k.hash, hash) })
	if !ok {
		return 0, false
	}
	return list[i].row, true
}

// id returns the id of a row.
func (k *keys) id(row uint32) string {
	if id, ok := k.other[row]; ok {
		return id
	}
	return unpackGUID(k.guids[row])
}

// packGUID packs a GUID in lower case into its bits. It is not ok for any other text,
// which would come back changed.
func packGUID(id string) (packed [16]byte, ok bool) {
	if len(id) != 36 || id[8] != '-' || id[13] != '-' || id[18] != '-' || id[23] != '-' || id != strings.ToLower(id) {
		return packed, false
	}
	digits := id[:8] + id[9:13] + id[14:18] + id[19:23] + id[24:]
	_, err := hex.Decode(packed[:], []byte(digits))
	return packed, err == nil
}

func unpackGUID(packed [16]byte) string {
	digits := hex.EncodeToString(packed[:])
	return digits[:8] + "-" + digits[8:12] + "-" + digits[12:16] + "-" + digits[16:20] + "-" + digits[20:]
}
