package contoso

// office is a place where people work.
type office struct {
	name, street, city, state, postalCode, country string
	language                                       string // preferred language of its people
	phone                                          string // the numbers' start, up to the extension
	domain                                         string // domain of its people's names
}

// offices returns the places, headquarters first.
func offices() []office {
	return []office{
		{"Seattle HQ", "1200 Pike Street", "Seattle", "WA", "98101", "United States", "en-US", "+1 206 555 ", "contoso.com"},
		{"Seattle Harbor", "88 Alaskan Way", "Seattle", "WA", "98104", "United States", "en-US", "+1 206 556 ", "contoso.com"},
		{"Dublin Docklands", "4 Grand Canal Square", "Dublin", "Leinster", "D02 A342", "Ireland", "en-IE", "+353 1 555 ", "contoso.com"},
		{"Berlin Mitte", "Torstraße 12", "Berlin", "Berlin", "10119", "Germany", "de-DE", "+49 30 555 ", "contoso.de"},
		{"Zürich", "Löwenstraße 3", "Zürich", "ZH", "8001", "Switzerland", "de-CH", "+41 44 555 ", "contoso.com"},
		{"Ærøskøbing", "Vestergade 22", "Ærøskøbing", "Syddanmark", "5970", "Denmark", "da-DK", "+45 62 55 ", "contoso.com"},
		{"Łódź", "Piotrkowska 101", "Łódź", "Łódzkie", "90-425", "Poland", "pl-PL", "+48 42 555 ", "contoso.com"},
		{"São Paulo", "Avenida Paulista 900", "São Paulo", "SP", "01310-100", "Brazil", "pt-BR", "+55 11 5555 ", "contoso.com.br"},
		{"Ciudad de México", "Paseo de la Reforma 50", "Ciudad de México", "CDMX", "06600", "Mexico", "es-MX", "+52 55 5555 ", "contoso.com"},
		{"Málaga", "Calle Larios 7", "Málaga", "Andalucía", "29005", "Spain", "es-ES", "+34 952 55 ", "contoso.com"},
		{"Lyon Confluence", "9 quai Perrache", "Lyon", "Auvergne-Rhône-Alpes", "69002", "France", "fr-FR", "+33 4 55 55 ", "contoso.com"},
		{"Hà Nội", "15 Tràng Tiền", "Hà Nội", "Hà Nội", "100000", "Vietnam", "vi-VN", "+84 24 5555 ", "contoso.com"},
		{"Tokyo", "1-1 Marunouchi", "Tokyo", "Tokyo", "100-0005", "Japan", "ja-JP", "+81 3 5555 ", "contoso.com"},
	}
}

// partners returns the domains that guests come from, with their companies.
func partners() [][2]string {
	return [][2]string{
		{"fabrikam.com", "Fabrikam"},
		{"adatum.com", "A. Datum"},
		{"northwindtraders.com", "Northwind Traders"},
		{"wingtiptoys.com", "Wingtip Toys"},
	}
}
