report-page = Reports to other systems
report-intro = Every file is written from the records as they stand, and every number is counted by the rules of the figures. Nothing is entered twice.
report-year = School year
report-term = Term
report-whole-year = whole year
report-autumn = autumn term
report-spring = spring term
report-every = Aggregates by
report-months = months
report-quarters = quarters
report-school-years = school years
report-of = Of { $text }
report-file = File
report-holds = What it holds
report-whom = For whom
report-save = Save
report-knows = What the receiving system must know
report-for-office = Office only: has names, or tells of single events
report-for-all = Everybody: figures only
report-by-all = Narrowed by cohort and time.
report-by-months = Narrowed by cohort and time, by months, quarters or school years.
report-by-time = Narrowed by time.
report-by-none = Not narrowed: everything.
report-oneroster = OneRoster 1.2 (ZIP of CSV)
report-oneroster-what = Organisations, the adults who are posted to schools or work there, and live classes with the adults who hold them. Without a year: who is there today. Pupils are not in it: what concerns children stays in their school. It has no demographics.
report-oneroster-knows = A whole set (bulk), with manifest. Ids stay the same for ever. A name stands whole in givenName, and familyName is “-”, since many people here have no family name. The username is the id; nobody gets an account by it. Courses are subjects, because the standard wants a course for each class. metadata.zampa.kind says what an organisation is here.
report-iati = IATI 2.03 results (XML)
report-iati-what = The programme as an activity whose results are the published figures: rule and version, period, number.
report-iati-knows = It keeps the schema of IATI 2.03. Before it goes into the registry, put the publisher’s registered identifier in place of those that begin with ZAMPA-, and add the recipient country and the kind of organisation. Numbers with aggregation-status 0 must not be added to others. Numbers of pupils and of people at health sessions stand there for whole school years alone, and none below 5.
report-iati-note = Written by Zampa from the published figures. Identifiers that begin with ZAMPA are not registered: put the publisher's own before publishing, and add the recipient country.
report-hxl = HXL: figures (CSV)
report-hxl-what = Each published figure, whole and by school, with the hash of its rows.
report-hxl-knows = The row of hashtags follows the row of titles. Rows whose column #meta+adds says no are counted anew for each school: never add them. Rows without a school are the whole. Numbers of pupils and of people at health sessions are told by school and school year alone; those below 5 are left out, and others by which they could be found.
report-hxl-3w = HXL: who does what where (CSV)
report-hxl-3w-what = By unit, school, subject and kind: how much of each published figure it is. No names of persons.
report-hxl-3w-knows = The row of hashtags follows the row of titles. #reached stands where the number is of people reached. One person or school may be in several rows.
report-dhis2 = DHIS2 aggregates: values (JSON)
report-dhis2-what = Each published figure by school and month or quarter, for import as data values.
report-dhis2-knows = Import the metadata first. What adds up is told by school alone, and DHIS2 adds it up the tree. What does not add up has the aggregation NONE, and the number of the whole programme is told beside those of the schools. Numbers of pupils and of people at health sessions are told by school and school year alone; those below 5 are left out, and others by which they could be found. What has no day is in no period. School years are DHIS2’s financial years from August (FinancialAug): an older DHIS2 does not know them.
report-dhis2-meta = DHIS2 aggregates: metadata (JSON)
report-dhis2-meta-what = The data elements, the tree of organisations and the data set that the values name.
report-dhis2-meta-knows = Ids of eleven characters follow from names and ids, so that every export gives the same. A rule with a new version is a new data element.
report-xapi = xAPI: what was held (JSON lines)
report-xapi-what = Activities and live classes that were held, as statements of schools.
report-xapi-knows = Version 1.0.3, one statement a line. The school acts as a group; no person is in it. A statement’s id follows from the record, so that sending it twice changes nothing. Days stand by their beginning, since hours are not told.
report-xapi-courses = xAPI: courses used (JSON lines)
report-xapi-courses-what = That courses were used in class, as statements of schools.
report-held = held
report-version = Version
report-adds = Adds up
report-school-code = Code of the school
report-sector = Sector
report-education = Education
report-what = Figure
report-place = Region of the school
report-reached = People reached
report-no-subject = No subject
report-roster = Bring in a list of organisations and adults
report-roster-what = A OneRoster set (1.1 or 1.2) becomes organisations and people without accounts. You see first what would be taken. Pupils and families are left out; columns of birth, sex, origin and the like are refused by their names, and nothing of them is kept.
report-roster-file = ZIP with manifest.csv, orgs.csv and users.csv
report-roster-file-hint = At most 5,000 rows in each list. The file itself is let go as soon as it is read.
report-roster-look = Look at the list
report-roster-from = From: { $text }
report-roster-refused = Refused columns
report-roster-refused-why = Birth, sex, origin, belief, health, passwords and the like are not recorded here. These columns were not read, and nothing of them is kept.
report-roster-children = { $n ->
    [one] One pupil or family member is left out.
   *[other] { $n } pupils and family members are left out.
}
report-roster-unclear = { $n ->
    [one] One row is left out: it has no id, no name or no role, stands there twice, or is to be deleted.
   *[other] { $n } rows are left out: they have no id, no name or no role, stand there twice, or are to be deleted.
}
report-roster-here = { $n ->
    [one] One row is here already and is not changed.
   *[other] { $n } rows are here already and are not changed.
}
report-roster-new-organisations = { $n ->
    [one] One new organisation
   *[other] { $n } new organisations
}
report-roster-new-people = { $n ->
    [one] one new person
   *[other] { $n } new people
}
report-roster-schools = What the schools in the list are
report-roster-schools-hint = The list says only that they are schools.
report-roster-a-school = a school
report-roster-take = Take them in
report-roster-leave = Back, take nothing
report-roster-nothing = Nothing in the list is new.
report-roster-stands = Here
report-roster-is-here = here already
report-roster-is-new = new
report-roster-more = { $n ->
    [one] One more row is not shown.
   *[other] { $n } more rows are not shown.
}
report-roster-taken = Taken in: organisations { $organisations }, people { $people }.
report-roster-broken = This is no OneRoster set: a ZIP with manifest.csv of version 1.1 or 1.2 is needed, with lists that can be read.
report-roster-empty = The list has no organisations and no adults that could be taken in.
rule-report-roster-row = A row of the list cannot be taken in as it stands. Nothing was taken.
