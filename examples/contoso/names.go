package contoso

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// culture is a stock of names that go together.
type culture struct {
	given, surnames []string
}

// cultures returns the stocks of names, in no particular order.
func cultures() []culture {
	split := func(s string) []string { return strings.Split(s, ", ") }
	return []culture{
		{
			split("James, Mary, Olivia, Noah, Emma, Liam, Ava, Ethan, Grace, Henry, Chloe, Samuel, Ruby, Jack, Alice"),
			split("Smith, Johnson, O'Neil, Brown, Taylor, Walker, Wright, Clarke, McDonald, Bennett, Hughes, Foster, Parker-Jones"),
		},
		{
			split("Zoë, Jürgen, Björn, Lena, Anke, Günther, Käthe, Felix, Sören, Jörg, Hannah, Matthias, Lieselotte"),
			split("Müller, Schröder, Groß, Weiß, Böhm, Schäfer, Köhler, Fischer, von Bülow, Krämer, Jäger, Vogt"),
		},
		{
			split("Søren, Åse, Kåre, Bjørn, Astrid, Jørgen, Mette, Håkon, Signe, Øyvind, Ingrid, Frøya"),
			split("Jensen, Ødegård, Sørensen, Ærø, Nygård, Hansen, Kjær, Bøe, Lindqvist, Åkesson, Östberg, Møller"),
		},
		{
			split("Łukasz, Agnieszka, Wojciech, Małgorzata, Paweł, Zofia, Stanisław, Żaneta, Michał, Bożena, Kamil"),
			split("Kowalski, Wiśniewska, Wójcik, Zieliński, Dąbrowski, Szymańska, Łukasik, Kamiński, Żak, Gołębiowski, Świątek"),
		},
		{
			split("José, María, Íñigo, Lucía, Andrés, Sofía, Joaquín, Begoña, Martín, Inés, Álvaro, Ximena"),
			split("García, Núñez, Rodríguez, Peña, Hernández, Ibáñez, López, Muñoz, de la Cruz, Gutiérrez, Fernández-Vega"),
		},
		{
			split("João, Ana, Antônio, Conceição, Luís, Beatriz, Otávio, Fátima, Thaís, Caetano, Inácia, Gonçalo"),
			split("Souza, Gonçalves, Araújo, da Silva, Magalhães, Simões, Conceição, Brandão, Leitão, Falcão, Assunção"),
		},
		{
			split("Éloïse, François, Chloé, Jérôme, Anaïs, Benoît, Gaël, Noëlle, Théo, Solène, Rémi, Aurélie"),
			split("Lefèvre, Dubois, Gérard, Béranger, D'Aubigné, Noël, Châtelain, Hervé, Dupré, Le Goff, Lemaître"),
		},
		{
			split("Nguyệt, Minh, Thảo, Đức, Hương, Tuấn, Lan, Quốc, Mỹ, Hải, Trúc, Bảo"),
			split("Nguyễn, Trần, Lê, Phạm, Hoàng, Đặng, Vũ, Bùi, Đỗ, Hồ, Ngô"),
		},
		{
			split("Çağla, Ömer, Şebnem, İbrahim, Gülşen, Yiğit, Ayşe, Uğur, Işıl, Doğan, Müge"),
			split("Yılmaz, Öztürk, Şahin, Çelik, Kılıç, Aydın, Güneş, Doğan, Türkoğlu, Koç, Işık"),
		},
		{
			split("Jiří, Božena, Ondřej, Kateřina, Tomáš, Zdeňka, Matěj, László, Ágnes, Zsófia, Győző, Ștefan, Ioana"),
			split("Novák, Dvořáková, Černý, Růžička, Kovács, Szőke, Kőrösi, Ionescu, Brâncuși, Țepeș, Horáček, Špaček"),
		},
		{
			split("Aarav, Priya, Rohan, Ananya, Vikram, Meera, Arjun, Lakshmi, Kiran, Divya, Sanjay"),
			split("Sharma, Patel, Iyer, Banerjee, Reddy, Nair, Mukherjee, Krishnamurthy, Singh, Deshpande, Rao"),
		},
		{
			split("Haruto, Yui, Ren, Sakura, Kenji, Ayumi, Mei, Wei, Jing, Min-jun, Seo-yeon, Lì"),
			split("Satō, Tanaka, Ōno, Itō, Kobayashi, Wang, Zhāng, Lǐ, Chen, Kim, Park, Yoon"),
		},
		{
			split("Chiamaka, Kwame, Amina, Oluwaseun, Fatou, Thabo, Zainab, Yusuf, Layla, Ngozi, Ọlá, Sékou"),
			split("Okafor, Mensah, Ọ̀ṣúndé, Diallo, Nkosi, al-Rashid, Traoré, Abebe, Haddad, Eze, Bâ"),
		},
		{
			split("Māra, Jānis, Kęstutis, Živilė, Sirje, Päivi, Jyrki, Þórdís, Sigurður, Guðrún, Ruža, Đorđe"),
			split("Bērziņš, Kazlauskienė, Õunapuu, Mäkinen, Hämäläinen, Þórsdóttir, Guðmundsson, Ozoliņa, Đurić, Šarić, Čović"),
		},
	}
}

// ascii writes a name as the local part of an e-mail address: lower case, letters
// without marks, no spaces. Apostrophes and hyphens stay; both are legal in user
// principal names.
func ascii(name string) string {
	var b strings.Builder
	for _, r := range norm.NFD.String(strings.ToLower(name)) {
		switch {
		case r < unicode.MaxASCII && r != ' ':
			b.WriteRune(r)
		case unicode.Is(unicode.Mn, r), r == ' ':
			// A mark on the letter before it, or the space in "de la Cruz".
		default:
			b.WriteString(letter(r))
		}
	}
	return b.String()
}

// letter spells a letter that does not fall apart into a base letter and a mark.
func letter(r rune) string {
	switch r {
	case 'ø':
		return "o"
	case 'æ':
		return "ae"
	case 'œ':
		return "oe"
	case 'ß':
		return "ss"
	case 'ł':
		return "l"
	case 'đ', 'ð':
		return "d"
	case 'þ':
		return "th"
	case 'ı':
		return "i"
	}
	return "x"
}
