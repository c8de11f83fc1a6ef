nav-desk = Librarian's desk
home-documents = { $n ->
    [one] One document
   *[other] { $shown } documents
    }, all searchable at once
home-help = How to search and read
collections = Collections
collection = Collection
all-collections = All { $shown } collections
no-collections = There is nothing here yet. A librarian can add the first collection.
documents = { $n ->
    [one] one document
   *[other] { $shown } documents
    }
documents-column = Documents
state-new = being added
search-here = Search in this collection
open-main-page = Open main page
contents = Contents
desk-manage = Manage this collection
search-results = Search results
search-empty = Type one word or more. Words in quotation marks are searched as a phrase; a minus leaves a word out.
search-partial = This search took too long and was ended: here is what was found so far. More words make it faster.
search-corrected = Nothing was found as you typed it. These are results for
did-you-mean = Did you mean
search-some = Not every word was found together: results with most of them come first.
search-none = Nothing was found for “{ $s }”.
search-none-tips = Try other or fewer words, or look through the contents of a collection.
search-without = Search without: { $s }
results = { $n ->
    [one] One result
   *[other] { $shown } results
    }
results-over = More than { $shown } results
sort = Order
sort-relevance = best first
sort-newest = newest first
sort-title = by title
narrow = Narrow the search
facet-collection = Collection
facet-kind = Type
facet-language = Language
facet-year = Year
facet-subject = Subject
kind-article = Article
kind-book = Book
kind-record = Record
kind-image = Picture
kind-audio = Sound
kind-video = Video
kind-document = Document
kind-map = Map
kind-music = Music
kind-periodical = Periodical
kind-thesis = Thesis
kind-other = Other
article = Article
reader-view = Reader view
about-this = About this document
original = Open the original
download = Download
read = Read
read-text = Read as text
cite = Cite
row-authors = By
row-year = Year
row-publisher = Publisher
row-place = Place
row-edition = Edition
row-extent = Extent
row-series = Series
row-container = In
row-language = Language
row-subjects = Subjects
row-identifiers = Identifiers
row-kind = Type
row-format = Format
row-size = Size
row-other-titles = Other titles
row-notes = Notes
row-responsibility = Responsibility
row-original = Original record
missing-title = This page is not in the collection
missing-text = The archive was made without it. Perhaps another collection of this library has it.
missing-search = Search the library for it
elsewhere-title = This link leads to the Internet
elsewhere-text = The page is not in this library. If you have a way to the Internet you can open it there:
elsewhere-search = Search the library instead
import-new = Add a collection
import-upload = From this device
import-upload-explained = One ZIM archive, one file of catalogue records (MARC, MARCXML, Dublin Core, BibTeX, RIS, CSV, JSON Lines), or any number of documents (HTML, text, Markdown, PDF, EPUB, office files, pictures).
import-folder = From this node's disk
import-folder-explained = The operator puts large archives and folders here:
import-folder-empty = The folder is empty.
import-what = What
import-how = How
import-in-place = Leave it where it is (it must stay there)
import-copy = Copy it into the library
import-start = Add
title = Title
title-optional = If empty, the source's own title is taken.
mapping = Columns (for CSV and JSON Lines)
mapping-hint = Usually guessed. Otherwise: title=Column name, author=Column name, …
files = Files
description = Description
describe = Describe
languages = Languages
languages-hint = Language tags, such as en, ko
cover = Cover picture
visibility = Who may see it
visible-all = Everybody
visible-signed-in = Whoever is signed in
visible-group = Group: { $s }
visible-group-short = A group
size = Size
index = index
health = Health
healthy = checked, whole
content-lies = Content
do-update = Look for changes
do-check = Check
do-reindex = Rebuild the index
do-cancel = Cancel
do-retry = Try again
errors = What could not be added
failed-items = { $n ->
    [one] one problem
   *[other] { $shown } problems
    }
remove-explained = The collection and its index leave the library. Content that lies elsewhere on the disk stays.
remove-sure = Yes, remove it
remove-collection = Remove the collection
job-import = Adding
job-check = Checking
job-queued = waiting
job-running = at work
job-done = done
job-failed = failed
job-cancelled = cancelled
job-progress = { $items } items
job-progress-of = { $items } of { $total } items
job-rate = { $rate } per second
job-left = about { $left } left
opensearch-description = The library of this node
export-all = Save these results as
export-first = Save the first { $shown } results as
import-harvest = From another library
import-harvest-explained = A repository that speaks OAI-PMH gives its records to others. They are fetched one page after the other and can be searched meanwhile. “Look for changes” fetches what is new later.
harvest-url = Address of the repository
harvest-set = Set
harvest-set-hint = Only this part of the repository; empty for all of it.
harvest-prefix = Format
job-harvest = Harvesting
nav-catalogue = Catalogue
changes = What changed
changes-about = The newest records of this library's own catalogues, and those that were withdrawn: who, when and why.
changes-none = Nothing has been published yet.
changes-check = Check it yourself
changes-check-about = Every publication and withdrawal is an entry in a signed log that can only grow. Anybody can copy its files and check them with the key.
feed-origin = Log
feed-address = Address
feed-key = Key
change-new = new
change-newer = new version
withdrawn = Withdrawn
catalogue-none = There is no catalogue yet.
catalogue-new = Begin a catalogue
drafts-mine = My drafts
drafts-none = None.
drafts-submitted = Handed in, to be decided
draft-writing = in writing
draft-submitted = handed in
draft-returned = given back
draft-comment = What is still to be done
record-new = New record
record-edit = Edit record
record-shown = As readers see it
record-state = State
record-changed = Published
records-none = No records are shown here; there may be more on the next page.
state-live = published
title-begins = Title begins with
catalogued-by = Catalogued by
sort-changed = newest first
form-dc = Simple form (Dublin Core)
form-marc = Lines of MARC 21
template-book = Book
template-serial = Journal or series
template-article = Article
template-thesis = Thesis
template-map = Map
template-music = Music recording
template-score = Score
template-video = Video
template-website = Web site
template-archive-item = Archive item
element = Element
value = Value
role-of-name = Role
more-rows = More rows
marc-lines = Lines
marc-lines-hint = One field a line: =245 10$aTitle. A backslash is a blank.
cataloguers-note = Note for cataloguers
why-changed = Why (shown to everybody)
problems = Please look at this
publish-anyway = Publish it as it is
publish = Publish
check-record = Check only
save-draft = Keep as draft
submit-draft = Hand in
discard-draft = Throw away
return-draft = Give back
history = History
restore = Take this version back
restored-from = version { $s } again
withdraw = Withdraw
withdraw-explained = All versions of the record are erased for good, here and on every node that has a copy. That it existed, and why it went, stays on the page of changes.
withdraw-note = Explanation (stays for ever; name nobody)
withdraw-sure = Yes, withdraw it for good
reason = Reason
reason-copyright = somebody else's right
reason-privacy = privacy
reason-error = published by mistake
reason-duplicate = it is there twice
reason-legal = a court or authority
reason-harmful = it would harm somebody
reason-owner = its author's wish
reason-other = other
conflict = Somebody was quicker
conflict-explained = While you were writing, { $s } published a newer version. Nothing of yours is lost: look at what differs, choose, and publish.
conflict-theirs = What changed there
conflict-drop = Drop my changes
side-mine = Mine
side-theirs = Theirs
side-both = Both
side-removed = removed
publish-merged = Publish the merged record
base-undecoded = characters that could not be read: { $count }; the record is kept as it came, but an edit replaces them by “�”: type them again
base-unimarc = the record is in UNIMARC: it is kept and shown, but the rules of MARC 21 are not checked
dc-date = “{ $value }” is no date of the kind 1999, 1999-05 or 1999-05-31: write it so, or give the date in a note
dc-empty = { $field } is empty: fill it in or remove it
dc-identifier = “{ $value }” is no { $scheme }: check each digit, or give it as an identifier without a scheme
dc-language = “{ $value }” is no language that is known here: give a tag such as en, pt-BR or gez
dc-no-creator = nobody is named as creator or contributor: add who made it, if known
dc-no-title = a title is missing: give the title as it stands on the thing, or one of your own in square brackets
dc-qualifier = “{ $value }” does not go with { $field }: choose another qualifier
dc-role = “{ $value }” is no role of three letters or a word: choose a role from the list
dc-second-title = a second title without a qualifier: mark it as alternative
dc-twice = “{ $value }” is given twice: remove one
dc-url = “{ $value }” is no address: give it whole, beginning with https://
fixed-length = { $field } has { $found } characters, it needs { $wanted }: add or remove characters at the end
fixed-position = { $field }, position { $position }: “{ $found }” is not defined there; { $wanted } are
fixed-date = 008, position { $position }: “{ $found }” is no date: give four digits, u for those not known, or blanks
fixed-language = “{ $found }” is no language code of MARC: give three letters such as eng
fixed-missing = { $field } is missing: begin with a template, which has it
line-bad-escape = line { $line }: “{ $found }” is not known in braces: write {"{lcub}"} for an opening brace
line-bad-tag = line { $line }: “{ $found }” is no tag: write = and three digits, then a blank
line-indicators = line { $line }: “{ $found }” needs two indicators before the first $: write \ for a blank
line-leader-length = line { $line }: the leader has { $found } characters, it needs 24: write \ for each blank
line-no-blank = line { $line }: a blank is missing between tag and content, before “{ $found }”
line-no-code = line { $line }: a $ without a letter or digit after it: add one, or write {"{dollar}"} for a dollar sign
line-no-subfield = line { $line }: the field has no subfield: add $a and the text
line-no-tag = line { $line }: “{ $found }” begins with no tag: write = and a tag, or join it to the line above
line-nothing = there are no lines: write at least =245 00$a and a title
line-second-leader = line { $line }: a second leader: remove it
line-too-much = the text has more than { $limit } fields or bytes: split the record
marc-check-digit = { $field } ${ $subfield }: the check digit of “{ $value }” is wrong: correct it, or move it to $z
marc-control-in-data = { $field } holds a control character in ${ $subfield }: remove it
marc-empty-subfield = { $field } ${ $subfield } is empty: fill it in or remove it
marc-field-length = { $field } has { $found } bytes, ISO 2709 allows 9999: shorten or split it
marc-indicator = { $field }: indicator { $number } is “{ $found }”; { $wanted } are defined
marc-irregular = { $field } has not two indicators and subfields: write it again as =245 10$aTitle
marc-no-245 = 245, the title statement, is missing: add =245 00$a and the title
marc-no-title = 245 has no title in $a: add it
marc-no-subfields = { $field } has no subfields: add $a and the text
marc-order = 008 and other control fields stand after data fields: put them first
marc-record-length = the record has { $found } bytes, ISO 2709 allows 99999: shorten or split it
marc-repeated-field = { $field } ({ $name }) stands { $found } times; a record has one: remove or join the others
marc-repeated-main = the record has { $found } main entries (1XX); it may have one: make the others 7XX
marc-repeated-subfield = { $field } ${ $subfield } ({ $name }) may stand once: join them, or repeat the field
marc-subfield-code = { $field }: “{ $subfield }” is no subfield code: use a small letter or a digit
marc-terminator = { $field } holds a byte that ends fields or records: remove it
marc-unknown-field = { $field } is no field of MARC 21 that is known here: check the tag
marc-unknown-subfield = { $field } has no subfield ${ $subfield }: check the code
marc-url = { $field } ${ $subfield }: “{ $value }” is no address: give it whole, beginning with https://
marc-date-differs = the year in 008 ({ $found }) is not that of the imprint ({ $wanted }): correct one of them
# One record at a time: headings, files, templates, review, times.
headings-look-up = Look up headings
headings-in-use = Headings in use
heading-as-typed = as typed
headings-none = No heading in use begins like this.
headings-offered = Headings offered: { $n }
files-add = Add files
file-remove = Remove
cover-hint = PNG, JPEG, WebP or GIF. Up to 40 kB it is also shown among search results.
cover-of = Cover of “{ $s }”
file-too-large = “{ $name }” is larger than { $limit } MB: make it smaller, or ask the operator to raise attachment_limit_mb
file-no-picture = “{ $s }” is no picture that can be shown: choose a PNG, JPEG, WebP or GIF file
templates-own = Templates of your own
template-save = Save as template
template-name = Name of the template
template-share = For all cataloguers of this catalogue
template-saved = Saved as template “{ $s }”.
template-needs-name = give the template a name
template-shared = for all
undo-publication = Undo this publication
withdrawn-record = This record was withdrawn
withdrawn-kindly = You have not done anything wrong: it was here, and it was taken back for good. Nothing of it is kept but what stands below.
withdrawn-when = When
withdrawn-by = Decided by
review = Waiting for review
review-about = Drafts that were handed in, the oldest first.
review-none = Nobody waits.
review-who = Who waits
review-since = Since
review-count = { $n ->
    [one] one draft waits for review
   *[other] { $shown } drafts wait for review
}
returned-count = given back to you: { $shown }
ago-now = just now
ago-minutes = { $n ->
    [one] a minute ago
   *[other] { $n } minutes ago
}
ago-hours = { $n ->
    [one] an hour ago
   *[other] { $n } hours ago
}
ago-days = { $n ->
    [one] yesterday
   *[other] { $n } days ago
}
date-long = { $day } { $name ->
   *[m1] January
    [m2] February
    [m3] March
    [m4] April
    [m5] May
    [m6] June
    [m7] July
    [m8] August
    [m9] September
    [m10] October
    [m11] November
    [m12] December
} { $year }
