-- What follows from the kinds of record. Renew with UPDATE=1 cargo nextest run -p whole schema

CREATE TABLE conflict (id BLOB NOT NULL, kind TEXT NOT NULL, home BLOB, field TEXT NOT NULL, PRIMARY KEY (id, field)) WITHOUT ROWID;
CREATE TABLE withdrawn (id BLOB PRIMARY KEY, kind TEXT NOT NULL, made_by BLOB NOT NULL, withdrawn_at INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE erased_subject (id BLOB PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE search_doc (doc INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, kind TEXT NOT NULL, home BLOB);
CREATE VIRTUAL TABLE search USING fts5(terms, content='', contentless_delete=1, detail=none, tokenize="unicode61 remove_diacritics 0");
CREATE TABLE visit (
  id BLOB PRIMARY KEY,
  home BLOB, -- the school whose nodes alone hold it
  state TEXT,
  title TEXT,
  title_key BLOB,
  made INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  changed_node BLOB NOT NULL,
  erased INTEGER NOT NULL DEFAULT 0,
  purpose TEXT,
  host BLOB,
  from_school BLOB,
  starts_on TEXT,
  ends_on TEXT,
  trip BLOB,
  asked TEXT,
  lessons INTEGER,
  advice TEXT,
  follow_up TEXT,
  follow_up_on TEXT,
  held_on TEXT,
  followed_up_on TEXT
);
CREATE TABLE visit_visitors (id BLOB NOT NULL, value BLOB NOT NULL, PRIMARY KEY (id, value)) WITHOUT ROWID;
CREATE TABLE visit_team (id BLOB NOT NULL, value BLOB NOT NULL, PRIMARY KEY (id, value)) WITHOUT ROWID;
CREATE TABLE visit_files (id BLOB NOT NULL, value BLOB NOT NULL, PRIMARY KEY (id, value)) WITHOUT ROWID;
CREATE TABLE trip (
  id BLOB PRIMARY KEY,
  home BLOB, -- the school whose nodes alone hold it
  state TEXT,
  title TEXT,
  title_key BLOB,
  made INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  changed_node BLOB NOT NULL,
  erased INTEGER NOT NULL DEFAULT 0,
  from_school BLOB,
  starts_on TEXT,
  ends_on TEXT,
  leader BLOB,
  route TEXT,
  brings TEXT
);
CREATE TABLE trip_files (id BLOB NOT NULL, value BLOB NOT NULL, PRIMARY KEY (id, value)) WITHOUT ROWID;
CREATE TABLE study_tour (
  id BLOB PRIMARY KEY,
  home BLOB, -- the school whose nodes alone hold it
  state TEXT,
  title TEXT,
  title_key BLOB,
  made INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  changed_node BLOB NOT NULL,
  erased INTEGER NOT NULL DEFAULT 0,
  school BLOB,
  host BLOB,
  starts_on TEXT,
  ends_on TEXT,
  purpose TEXT,
  plan TEXT,
  series BLOB,
  left_on TEXT,
  closed_on TEXT,
  pupils INTEGER,
  pupils_mark BLOB
);
CREATE TABLE study_tour_files (id BLOB NOT NULL, value BLOB NOT NULL, PRIMARY KEY (id, value)) WITHOUT ROWID;
CREATE TABLE tour_leg (
  id BLOB PRIMARY KEY,
  home BLOB, -- the school whose nodes alone hold it
  state TEXT,
  title TEXT,
  title_key BLOB,
  made INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  changed_node BLOB NOT NULL,
  erased INTEGER NOT NULL DEFAULT 0,
  tour BLOB,
  day TEXT,
  leaves_at TEXT,
  from_place TEXT,
  to_place TEXT,
  how TEXT,
  adult BLOB,
  remarks TEXT
);
CREATE TABLE tour_risk (
  id BLOB PRIMARY KEY,
  home BLOB, -- the school whose nodes alone hold it
  state TEXT,
  title TEXT,
  title_key BLOB,
  made INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  changed_node BLOB NOT NULL,
  erased INTEGER NOT NULL DEFAULT 0,
  tour BLOB,
  what TEXT,
  measure TEXT,
  who BLOB
);
CREATE TABLE tour_adult (
  id BLOB PRIMARY KEY,
  home BLOB, -- the school whose nodes alone hold it
  state TEXT,
  title TEXT,
  title_key BLOB,
  made INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  changed_node BLOB NOT NULL,
  erased INTEGER NOT NULL DEFAULT 0,
  tour BLOB,
  person BLOB,
  part TEXT
);
CREATE TABLE tour_approval (
  id BLOB PRIMARY KEY,
  home BLOB, -- the school whose nodes alone hold it
  state TEXT,
  title TEXT,
  title_key BLOB,
  made INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  changed_node BLOB NOT NULL,
  erased INTEGER NOT NULL DEFAULT 0,
  tour BLOB,
  tier TEXT,
  verdict TEXT,
  person BLOB,
  given_on TEXT,
  dates TEXT,
  route BLOB,
  pupils BLOB,
  host BLOB,
  plan BLOB,
  risks BLOB,
  adults BLOB,
  reason TEXT
);
CREATE TABLE tour_roll (
  id BLOB PRIMARY KEY,
  home BLOB, -- the school whose nodes alone hold it
  state TEXT,
  title TEXT,
  title_key BLOB,
  made INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  changed_node BLOB NOT NULL,
  erased INTEGER NOT NULL DEFAULT 0,
  tour BLOB,
  leg BLOB,
  day TEXT,
  called_at TEXT,
  here INTEGER,
  missing INTEGER,
  person BLOB
);
CREATE TABLE tour_story (
  id BLOB PRIMARY KEY,
  home BLOB, -- the school whose nodes alone hold it
  state TEXT,
  title TEXT,
  title_key BLOB,
  made INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  changed_node BLOB NOT NULL,
  erased INTEGER NOT NULL DEFAULT 0,
  titles TEXT,
  tour BLOB,
  text_zh TEXT,
  text_bo TEXT,
  text_en TEXT,
  unseen INTEGER
);
CREATE TABLE tour_story_files (id BLOB NOT NULL, value BLOB NOT NULL, PRIMARY KEY (id, value)) WITHOUT ROWID;
CREATE TABLE pupil (
  id BLOB PRIMARY KEY,
  home BLOB, -- the school whose nodes alone hold it
  state TEXT,
  title TEXT,
  title_key BLOB,
  made INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  changed_node BLOB NOT NULL,
  erased INTEGER NOT NULL DEFAULT 0,
  school BLOB,
  code TEXT,
  name TEXT,
  name_sealed BLOB,
  class TEXT
);
CREATE TABLE pupil_consent (
  id BLOB PRIMARY KEY,
  home BLOB, -- the school whose nodes alone hold it
  state TEXT,
  title TEXT,
  title_key BLOB,
  made INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  changed_node BLOB NOT NULL,
  erased INTEGER NOT NULL DEFAULT 0,
  school BLOB,
  pupil BLOB,
  tour BLOB,
  purpose TEXT,
  given_by TEXT,
  given_by_sealed BLOB,
  language TEXT,
  version TEXT,
  given_on TEXT,
  withdrawn_on TEXT
);
CREATE TABLE tour_pupil (
  id BLOB PRIMARY KEY,
  home BLOB, -- the school whose nodes alone hold it
  state TEXT,
  title TEXT,
  title_key BLOB,
  made INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  changed_node BLOB NOT NULL,
  erased INTEGER NOT NULL DEFAULT 0,
  school BLOB,
  tour BLOB,
  pupil BLOB
);
CREATE TABLE tour_contact (
  id BLOB PRIMARY KEY,
  home BLOB, -- the school whose nodes alone hold it
  state TEXT,
  title TEXT,
  title_key BLOB,
  made INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  changed_node BLOB NOT NULL,
  erased INTEGER NOT NULL DEFAULT 0,
  school BLOB,
  tour BLOB,
  pupil BLOB,
  sealed BLOB
);
CREATE TABLE tour_opening (
  id BLOB PRIMARY KEY,
  home BLOB, -- the school whose nodes alone hold it
  state TEXT,
  title TEXT,
  title_key BLOB,
  made INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  changed_node BLOB NOT NULL,
  erased INTEGER NOT NULL DEFAULT 0,
  school BLOB,
  tour BLOB,
  pupil BLOB,
  person BLOB,
  what TEXT,
  opened_on TEXT,
  opened_at TEXT
);
CREATE TABLE tour_missing (
  id BLOB PRIMARY KEY,
  home BLOB, -- the school whose nodes alone hold it
  state TEXT,
  title TEXT,
  title_key BLOB,
  made INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  changed_node BLOB NOT NULL,
  erased INTEGER NOT NULL DEFAULT 0,
  school BLOB,
  roll BLOB,
  pupil BLOB
);
CREATE TABLE pocket (
  id BLOB PRIMARY KEY,
  home BLOB, -- the school whose nodes alone hold it
  state TEXT,
  title TEXT,
  title_key BLOB,
  made INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  changed_node BLOB NOT NULL,
  erased INTEGER NOT NULL DEFAULT 0,
  person BLOB,
  device TEXT,
  secret BLOB,
  since TEXT
);
CREATE TABLE activity (
  id BLOB PRIMARY KEY,
  home BLOB, -- the school whose nodes alone hold it
  state TEXT,
  title TEXT,
  title_key BLOB,
  made INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  changed_node BLOB NOT NULL,
  erased INTEGER NOT NULL DEFAULT 0,
  kind TEXT,
  school BLOB,
  place TEXT,
  starts_on TEXT,
  ends_on TEXT,
  team BLOB,
  visit BLOB,
  notes TEXT,
  held_on TEXT
);
CREATE TABLE activity_given_by (id BLOB NOT NULL, value BLOB NOT NULL, PRIMARY KEY (id, value)) WITHOUT ROWID;
CREATE TABLE activity_files (id BLOB NOT NULL, value BLOB NOT NULL, PRIMARY KEY (id, value)) WITHOUT ROWID;
CREATE TABLE participation (
  id BLOB PRIMARY KEY,
  home BLOB, -- the school whose nodes alone hold it
  state TEXT,
  title TEXT,
  title_key BLOB,
  made INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  changed_node BLOB NOT NULL,
  erased INTEGER NOT NULL DEFAULT 0,
  activity BLOB,
  person BLOB,
  part TEXT,
  day TEXT,
  present INTEGER,
  school BLOB
);
CREATE TABLE headcount (
  id BLOB PRIMARY KEY,
  home BLOB, -- the school whose nodes alone hold it
  state TEXT,
  title TEXT,
  title_key BLOB,
  made INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  changed_node BLOB NOT NULL,
  erased INTEGER NOT NULL DEFAULT 0,
  activity BLOB,
  category TEXT,
  day TEXT,
  number INTEGER,
  basis TEXT
);
CREATE TABLE programme (
  id BLOB PRIMARY KEY,
  home BLOB, -- the school whose nodes alone hold it
  state TEXT,
  title TEXT,
  title_key BLOB,
  made INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  changed_node BLOB NOT NULL,
  erased INTEGER NOT NULL DEFAULT 0,
  titles TEXT,
  purpose TEXT,
  zone TEXT,
  pupils_per_adult INTEGER,
  demonstration INTEGER
);
CREATE TABLE programme_languages (id BLOB NOT NULL, value TEXT NOT NULL, PRIMARY KEY (id, value)) WITHOUT ROWID;
CREATE TABLE organisation (
  id BLOB PRIMARY KEY,
  home BLOB, -- the school whose nodes alone hold it
  state TEXT,
  title TEXT,
  title_key BLOB,
  made INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  changed_node BLOB NOT NULL,
  erased INTEGER NOT NULL DEFAULT 0,
  name TEXT,
  names TEXT,
  sort_key TEXT,
  kind TEXT,
  parent BLOB,
  region TEXT,
  region_kind TEXT,
  place TEXT,
  merged_into BLOB,
  ended_on TEXT
);
CREATE TABLE organisation_stages (id BLOB NOT NULL, value TEXT NOT NULL, PRIMARY KEY (id, value)) WITHOUT ROWID;
CREATE TABLE partnership (
  id BLOB PRIMARY KEY,
  home BLOB, -- the school whose nodes alone hold it
  state TEXT,
  title TEXT,
  title_key BLOB,
  made INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  changed_node BLOB NOT NULL,
  erased INTEGER NOT NULL DEFAULT 0,
  unit BLOB,
  school BLOB,
  terms TEXT,
  signed_on TEXT,
  ended_on TEXT
);
CREATE TABLE partnership_files (id BLOB NOT NULL, value BLOB NOT NULL, PRIMARY KEY (id, value)) WITHOUT ROWID;
CREATE TABLE commitment (
  id BLOB PRIMARY KEY,
  home BLOB, -- the school whose nodes alone hold it
  state TEXT,
  title TEXT,
  title_key BLOB,
  made INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  changed_node BLOB NOT NULL,
  erased INTEGER NOT NULL DEFAULT 0,
  partnership BLOB,
  what TEXT,
  kind TEXT,
  amount INTEGER,
  number INTEGER,
  due_on TEXT,
  kept_on TEXT
);
CREATE TABLE delivery (
  id BLOB PRIMARY KEY,
  home BLOB, -- the school whose nodes alone hold it
  state TEXT,
  title TEXT,
  title_key BLOB,
  made INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  changed_node BLOB NOT NULL,
  erased INTEGER NOT NULL DEFAULT 0,
  commitment BLOB,
  what TEXT,
  amount INTEGER,
  number INTEGER,
  delivered_on TEXT,
  unit BLOB,
  place BLOB,
  confirmed_on TEXT
);
CREATE TABLE delivery_files (id BLOB NOT NULL, value BLOB NOT NULL, PRIMARY KEY (id, value)) WITHOUT ROWID;
CREATE TABLE cohort (
  id BLOB PRIMARY KEY,
  home BLOB, -- the school whose nodes alone hold it
  state TEXT,
  title TEXT,
  title_key BLOB,
  made INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  changed_node BLOB NOT NULL,
  erased INTEGER NOT NULL DEFAULT 0,
  titles TEXT,
  ordinal INTEGER,
  opens_on TEXT,
  closes_on TEXT,
  term_months INTEGER,
  leader_term_months INTEGER,
  selected_by TEXT,
  plan TEXT
);
CREATE TABLE need (
  id BLOB PRIMARY KEY,
  home BLOB, -- the school whose nodes alone hold it
  state TEXT,
  title TEXT,
  title_key BLOB,
  made INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  changed_node BLOB NOT NULL,
  erased INTEGER NOT NULL DEFAULT 0,
  school BLOB,
  role TEXT,
  subject TEXT,
  stage TEXT,
  hours INTEGER,
  done_when TEXT,
  carried_by BLOB,
  met_on TEXT,
  reopened_on TEXT
);
CREATE TABLE need_teaching_languages (id BLOB NOT NULL, value TEXT NOT NULL, PRIMARY KEY (id, value)) WITHOUT ROWID;
CREATE TABLE posting (
  id BLOB PRIMARY KEY,
  home BLOB, -- the school whose nodes alone hold it
  state TEXT,
  title TEXT,
  title_key BLOB,
  made INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  changed_node BLOB NOT NULL,
  erased INTEGER NOT NULL DEFAULT 0,
  person BLOB,
  school BLOB,
  sender BLOB,
  cohort BLOB,
  need BLOB,
  role TEXT,
  subject TEXT,
  stage TEXT,
  starts_on TEXT,
  ends_on TEXT,
  part_time INTEGER,
  arrived_on TEXT,
  ended_on TEXT,
  handed_to BLOB
);
CREATE TABLE period (
  id BLOB PRIMARY KEY,
  home BLOB, -- the school whose nodes alone hold it
  state TEXT,
  title TEXT,
  title_key BLOB,
  made INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  changed_node BLOB NOT NULL,
  erased INTEGER NOT NULL DEFAULT 0,
  school BLOB,
  position INTEGER,
  name TEXT,
  starts_at TEXT,
  ends_at TEXT
);
CREATE TABLE timetable_lesson (
  id BLOB PRIMARY KEY,
  home BLOB, -- the school whose nodes alone hold it
  state TEXT,
  title TEXT,
  title_key BLOB,
  made INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  changed_node BLOB NOT NULL,
  erased INTEGER NOT NULL DEFAULT 0,
  school BLOB,
  class TEXT,
  grade INTEGER,
  weekday TEXT,
  period BLOB,
  subject TEXT,
  teacher BLOB,
  starts_on TEXT,
  ends_on TEXT
);
CREATE TABLE nomination (
  id BLOB PRIMARY KEY,
  home BLOB, -- the school whose nodes alone hold it
  state TEXT,
  title TEXT,
  title_key BLOB,
  made INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  changed_node BLOB NOT NULL,
  erased INTEGER NOT NULL DEFAULT 0,
  person BLOB,
  unit BLOB,
  cohort BLOB,
  available INTEGER,
  wishes TEXT,
  need BLOB,
  notified_on TEXT
);
CREATE TABLE nomination_roles (id BLOB NOT NULL, value TEXT NOT NULL, PRIMARY KEY (id, value)) WITHOUT ROWID;
CREATE TABLE nomination_subjects (id BLOB NOT NULL, value TEXT NOT NULL, PRIMARY KEY (id, value)) WITHOUT ROWID;
CREATE TABLE nomination_stages (id BLOB NOT NULL, value TEXT NOT NULL, PRIMARY KEY (id, value)) WITHOUT ROWID;
CREATE TABLE nomination_teaching_languages (id BLOB NOT NULL, value TEXT NOT NULL, PRIMARY KEY (id, value)) WITHOUT ROWID;
CREATE TABLE nomination_keep_with (id BLOB NOT NULL, value BLOB NOT NULL, PRIMARY KEY (id, value)) WITHOUT ROWID;
CREATE TABLE reverse_posting (
  id BLOB PRIMARY KEY,
  home BLOB, -- the school whose nodes alone hold it
  state TEXT,
  title TEXT,
  title_key BLOB,
  made INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  changed_node BLOB NOT NULL,
  erased INTEGER NOT NULL DEFAULT 0,
  person BLOB,
  school BLOB,
  host BLOB,
  role TEXT,
  subject TEXT,
  purpose TEXT,
  starts_on TEXT,
  ends_on TEXT,
  arrived_on TEXT,
  ended_on TEXT
);
CREATE TABLE reverse_report (
  id BLOB PRIMARY KEY,
  home BLOB, -- the school whose nodes alone hold it
  state TEXT,
  title TEXT,
  title_key BLOB,
  made INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  changed_node BLOB NOT NULL,
  erased INTEGER NOT NULL DEFAULT 0,
  reverse_posting BLOB,
  person BLOB,
  said TEXT,
  shared INTEGER
);
CREATE TABLE health_session (
  id BLOB PRIMARY KEY,
  home BLOB, -- the school whose nodes alone hold it
  state TEXT,
  title TEXT,
  title_key BLOB,
  made INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  changed_node BLOB NOT NULL,
  erased INTEGER NOT NULL DEFAULT 0,
  topic TEXT,
  school BLOB,
  starts_on TEXT,
  medic BLOB,
  medic_name TEXT,
  held_on TEXT,
  number INTEGER,
  basis TEXT
);
CREATE TABLE person (
  id BLOB PRIMARY KEY,
  home BLOB, -- the school whose nodes alone hold it
  state TEXT,
  title TEXT,
  title_key BLOB,
  made INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  changed_node BLOB NOT NULL,
  erased INTEGER NOT NULL DEFAULT 0,
  name TEXT,
  names TEXT,
  school BLOB,
  unit BLOB,
  about TEXT
);
CREATE TABLE person_subjects (id BLOB NOT NULL, value TEXT NOT NULL, PRIMARY KEY (id, value)) WITHOUT ROWID;
CREATE TABLE person_stages (id BLOB NOT NULL, value TEXT NOT NULL, PRIMARY KEY (id, value)) WITHOUT ROWID;
CREATE TABLE person_teaching_languages (id BLOB NOT NULL, value TEXT NOT NULL, PRIMARY KEY (id, value)) WITHOUT ROWID;
CREATE TABLE consent (
  id BLOB PRIMARY KEY,
  home BLOB, -- the school whose nodes alone hold it
  state TEXT,
  title TEXT,
  title_key BLOB,
  made INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  changed_node BLOB NOT NULL,
  erased INTEGER NOT NULL DEFAULT 0,
  whose BLOB,
  given_by TEXT,
  purpose TEXT,
  language TEXT,
  version TEXT,
  given_on TEXT,
  withdrawn_on TEXT
);
CREATE TABLE account (
  id BLOB PRIMARY KEY,
  home BLOB, -- the school whose nodes alone hold it
  state TEXT,
  title TEXT,
  title_key BLOB,
  made INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  changed_node BLOB NOT NULL,
  erased INTEGER NOT NULL DEFAULT 0,
  person BLOB,
  sign_in_name TEXT,
  password_hash TEXT,
  language TEXT,
  second_language TEXT
);
CREATE TABLE grant_of_role (
  id BLOB PRIMARY KEY,
  home BLOB, -- the school whose nodes alone hold it
  state TEXT,
  title TEXT,
  title_key BLOB,
  made INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  changed_node BLOB NOT NULL,
  erased INTEGER NOT NULL DEFAULT 0,
  person BLOB,
  role TEXT,
  organisation BLOB,
  from_on TEXT,
  until_on TEXT
);
CREATE TABLE pairing (
  id BLOB PRIMARY KEY,
  home BLOB, -- the school whose nodes alone hold it
  state TEXT,
  title TEXT,
  title_key BLOB,
  made INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  changed_node BLOB NOT NULL,
  erased INTEGER NOT NULL DEFAULT 0,
  kind TEXT,
  master BLOB,
  apprentice BLOB,
  school BLOB,
  subject TEXT,
  goals TEXT,
  observes INTEGER,
  attends INTEGER,
  months INTEGER,
  renews BLOB,
  online INTEGER,
  master_signed_on TEXT,
  apprentice_signed_on TEXT,
  active_from TEXT,
  ended_on TEXT,
  handed_to BLOB
);
CREATE TABLE pair_signature (
  id BLOB PRIMARY KEY,
  home BLOB, -- the school whose nodes alone hold it
  state TEXT,
  title TEXT,
  title_key BLOB,
  made INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  changed_node BLOB NOT NULL,
  erased INTEGER NOT NULL DEFAULT 0,
  pairing BLOB,
  person BLOB,
  signed_on TEXT
);
CREATE TABLE pair_note (
  id BLOB PRIMARY KEY,
  home BLOB, -- the school whose nodes alone hold it
  state TEXT,
  title TEXT,
  title_key BLOB,
  made INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  changed_node BLOB NOT NULL,
  erased INTEGER NOT NULL DEFAULT 0,
  pairing BLOB,
  person BLOB,
  what TEXT,
  held_on TEXT,
  goal BLOB,
  said TEXT,
  next_step TEXT,
  sealed BLOB,
  keys BLOB
);
CREATE TABLE pair_goal (
  id BLOB PRIMARY KEY,
  home BLOB, -- the school whose nodes alone hold it
  state TEXT,
  title TEXT,
  title_key BLOB,
  made INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  changed_node BLOB NOT NULL,
  erased INTEGER NOT NULL DEFAULT 0,
  pairing BLOB,
  person BLOB,
  set_on TEXT,
  reviewed_on TEXT
);
CREATE TABLE pair_goal_looked_back (id BLOB NOT NULL, value BLOB NOT NULL, PRIMARY KEY (id, value)) WITHOUT ROWID;
CREATE TABLE pair_evidence (
  id BLOB PRIMARY KEY,
  home BLOB, -- the school whose nodes alone hold it
  state TEXT,
  title TEXT,
  title_key BLOB,
  made INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  changed_node BLOB NOT NULL,
  erased INTEGER NOT NULL DEFAULT 0,
  pairing BLOB,
  goal BLOB,
  person BLOB,
  what TEXT,
  held_on TEXT,
  lesson BLOB,
  observation BLOB,
  plan BLOB,
  course BLOB
);
CREATE TABLE pair_lesson (
  id BLOB PRIMARY KEY,
  home BLOB, -- the school whose nodes alone hold it
  state TEXT,
  title TEXT,
  title_key BLOB,
  made INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  changed_node BLOB NOT NULL,
  erased INTEGER NOT NULL DEFAULT 0,
  pairing BLOB,
  person BLOB,
  what TEXT,
  held_on TEXT,
  subject TEXT
);
CREATE TABLE pair_fit (
  id BLOB PRIMARY KEY,
  home BLOB, -- the school whose nodes alone hold it
  state TEXT,
  title TEXT,
  title_key BLOB,
  made INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  changed_node BLOB NOT NULL,
  erased INTEGER NOT NULL DEFAULT 0,
  pairing BLOB,
  person BLOB,
  fit TEXT
);
CREATE TABLE pair_offer (
  id BLOB PRIMARY KEY,
  home BLOB, -- the school whose nodes alone hold it
  state TEXT,
  title TEXT,
  title_key BLOB,
  made INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  changed_node BLOB NOT NULL,
  erased INTEGER NOT NULL DEFAULT 0,
  person BLOB,
  school BLOB,
  kind TEXT,
  subject TEXT,
  about TEXT,
  capacity INTEGER
);
CREATE TABLE pair_wish (
  id BLOB PRIMARY KEY,
  home BLOB, -- the school whose nodes alone hold it
  state TEXT,
  title TEXT,
  title_key BLOB,
  made INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  changed_node BLOB NOT NULL,
  erased INTEGER NOT NULL DEFAULT 0,
  person BLOB,
  school BLOB,
  kind TEXT,
  subject TEXT,
  about TEXT,
  offer BLOB
);
CREATE TABLE pair_search (
  id BLOB PRIMARY KEY,
  home BLOB, -- the school whose nodes alone hold it
  state TEXT,
  title TEXT,
  title_key BLOB,
  made INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  changed_node BLOB NOT NULL,
  erased INTEGER NOT NULL DEFAULT 0,
  pairing BLOB,
  asked_on TEXT
);
CREATE TABLE observation (
  id BLOB PRIMARY KEY,
  home BLOB, -- the school whose nodes alone hold it
  state TEXT,
  title TEXT,
  title_key BLOB,
  made INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  changed_node BLOB NOT NULL,
  erased INTEGER NOT NULL DEFAULT 0,
  teacher BLOB,
  observer BLOB,
  asked_by BLOB,
  day TEXT,
  instrument TEXT,
  subject TEXT,
  held_on TEXT,
  shared_on TEXT,
  teacher_agrees BLOB,
  observer_agrees BLOB
);
CREATE TABLE observation_part (
  id BLOB PRIMARY KEY,
  home BLOB, -- the school whose nodes alone hold it
  state TEXT,
  title TEXT,
  title_key BLOB,
  made INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  changed_node BLOB NOT NULL,
  erased INTEGER NOT NULL DEFAULT 0,
  teacher BLOB,
  observation BLOB,
  person BLOB,
  what TEXT,
  sealed BLOB,
  keys BLOB
);
CREATE TABLE seal_key (
  id BLOB PRIMARY KEY,
  home BLOB, -- the school whose nodes alone hold it
  state TEXT,
  title TEXT,
  title_key BLOB,
  made INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  changed_node BLOB NOT NULL,
  erased INTEGER NOT NULL DEFAULT 0,
  person BLOB,
  public BLOB,
  private BLOB,
  since TEXT
);
CREATE TABLE instrument (
  id BLOB PRIMARY KEY,
  home BLOB, -- the school whose nodes alone hold it
  state TEXT,
  title TEXT,
  title_key BLOB,
  made INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  changed_node BLOB NOT NULL,
  erased INTEGER NOT NULL DEFAULT 0,
  instrument TEXT,
  off INTEGER
);
CREATE TABLE instrument_word (
  id BLOB PRIMARY KEY,
  home BLOB, -- the school whose nodes alone hold it
  state TEXT,
  title TEXT,
  title_key BLOB,
  made INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  changed_node BLOB NOT NULL,
  erased INTEGER NOT NULL DEFAULT 0,
  key TEXT,
  language TEXT,
  said TEXT
);
CREATE TABLE team (
  id BLOB PRIMARY KEY,
  home BLOB, -- the school whose nodes alone hold it
  state TEXT,
  title TEXT,
  title_key BLOB,
  made INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  changed_node BLOB NOT NULL,
  erased INTEGER NOT NULL DEFAULT 0,
  name TEXT,
  names TEXT,
  kind TEXT,
  school BLOB,
  lead BLOB,
  subject TEXT,
  plan TEXT,
  active_from TEXT,
  ended_on TEXT
);
CREATE TABLE membership (
  id BLOB PRIMARY KEY,
  home BLOB, -- the school whose nodes alone hold it
  state TEXT,
  title TEXT,
  title_key BLOB,
  made INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  changed_node BLOB NOT NULL,
  erased INTEGER NOT NULL DEFAULT 0,
  team BLOB,
  person BLOB,
  part TEXT,
  from_on TEXT,
  until_on TEXT
);
CREATE TABLE team_term (
  id BLOB PRIMARY KEY,
  home BLOB, -- the school whose nodes alone hold it
  state TEXT,
  title TEXT,
  title_key BLOB,
  made INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  changed_node BLOB NOT NULL,
  erased INTEGER NOT NULL DEFAULT 0,
  team BLOB,
  from_on TEXT,
  until_on TEXT,
  aims TEXT
);
CREATE TABLE team_output (
  id BLOB PRIMARY KEY,
  home BLOB, -- the school whose nodes alone hold it
  state TEXT,
  title TEXT,
  title_key BLOB,
  made INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  changed_node BLOB NOT NULL,
  erased INTEGER NOT NULL DEFAULT 0,
  team BLOB,
  plan BLOB,
  course BLOB,
  made_on TEXT,
  note TEXT
);
CREATE TABLE research_cycle (
  id BLOB PRIMARY KEY,
  home BLOB, -- the school whose nodes alone hold it
  state TEXT,
  title TEXT,
  title_key BLOB,
  made INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  changed_node BLOB NOT NULL,
  erased INTEGER NOT NULL DEFAULT 0,
  question TEXT,
  team BLOB,
  school BLOB,
  subject TEXT,
  starts_on TEXT,
  plan BLOB,
  learned TEXT,
  ended_on TEXT
);
CREATE TABLE research_lesson (
  id BLOB PRIMARY KEY,
  home BLOB, -- the school whose nodes alone hold it
  state TEXT,
  title TEXT,
  title_key BLOB,
  made INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  changed_node BLOB NOT NULL,
  erased INTEGER NOT NULL DEFAULT 0,
  cycle BLOB,
  school BLOB,
  from_school BLOB,
  grade TEXT,
  starts_on TEXT,
  given_by BLOB,
  taught_on TEXT,
  seen TEXT,
  revised TEXT
);
CREATE TABLE research_lesson_observers (id BLOB NOT NULL, value BLOB NOT NULL, PRIMARY KEY (id, value)) WITHOUT ROWID;
CREATE TABLE research_lesson_files (id BLOB NOT NULL, value BLOB NOT NULL, PRIMARY KEY (id, value)) WITHOUT ROWID;
CREATE TABLE practice (
  id BLOB PRIMARY KEY,
  home BLOB, -- the school whose nodes alone hold it
  state TEXT,
  title TEXT,
  title_key BLOB,
  made INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  changed_node BLOB NOT NULL,
  erased INTEGER NOT NULL DEFAULT 0,
  name TEXT,
  names TEXT,
  kind TEXT,
  origin BLOB,
  since_on TEXT,
  about TEXT,
  evidence TEXT,
  plan BLOB,
  course BLOB
);
CREATE TABLE practice_files (id BLOB NOT NULL, value BLOB NOT NULL, PRIMARY KEY (id, value)) WITHOUT ROWID;
CREATE TABLE practice_school (
  id BLOB PRIMARY KEY,
  home BLOB, -- the school whose nodes alone hold it
  state TEXT,
  title TEXT,
  title_key BLOB,
  made INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  changed_node BLOB NOT NULL,
  erased INTEGER NOT NULL DEFAULT 0,
  practice BLOB,
  school BLOB,
  shown_by BLOB,
  shown_on TEXT,
  visit BLOB,
  adopted_on TEXT,
  adapted_on TEXT,
  how TEXT,
  dropped_on TEXT,
  seen_on TEXT
);
CREATE TABLE practice_school_files (id BLOB NOT NULL, value BLOB NOT NULL, PRIMARY KEY (id, value)) WITHOUT ROWID;
CREATE TABLE lesson_plan (
  id BLOB PRIMARY KEY,
  home BLOB, -- the school whose nodes alone hold it
  state TEXT,
  title TEXT,
  title_key BLOB,
  made INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  changed_node BLOB NOT NULL,
  erased INTEGER NOT NULL DEFAULT 0,
  subject TEXT,
  stage TEXT,
  grade TEXT,
  type TEXT,
  template BLOB,
  minutes INTEGER,
  textbook TEXT,
  made_from BLOB,
  taken_over INTEGER,
  taught_on TEXT,
  taught_at BLOB
);
CREATE TABLE lesson_plan_languages (id BLOB NOT NULL, value TEXT NOT NULL, PRIMARY KEY (id, value)) WITHOUT ROWID;
CREATE TABLE lesson_plan_files (id BLOB NOT NULL, value BLOB NOT NULL, PRIMARY KEY (id, value)) WITHOUT ROWID;
CREATE TABLE plan_author (
  id BLOB PRIMARY KEY,
  home BLOB, -- the school whose nodes alone hold it
  state TEXT,
  title TEXT,
  title_key BLOB,
  made INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  changed_node BLOB NOT NULL,
  erased INTEGER NOT NULL DEFAULT 0,
  plan BLOB,
  person BLOB,
  byline TEXT,
  part TEXT
);
CREATE TABLE plan_comment (
  id BLOB PRIMARY KEY,
  home BLOB, -- the school whose nodes alone hold it
  state TEXT,
  title TEXT,
  title_key BLOB,
  made INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  changed_node BLOB NOT NULL,
  erased INTEGER NOT NULL DEFAULT 0,
  plan BLOB,
  quote TEXT,
  said TEXT,
  person BLOB,
  byline TEXT,
  place BLOB,
  answers BLOB
);
CREATE TABLE plan_comment_asks (id BLOB NOT NULL, value BLOB NOT NULL, PRIMARY KEY (id, value)) WITHOUT ROWID;
CREATE TABLE plan_template (
  id BLOB PRIMARY KEY,
  home BLOB, -- the school whose nodes alone hold it
  state TEXT,
  title TEXT,
  title_key BLOB,
  made INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  changed_node BLOB NOT NULL,
  erased INTEGER NOT NULL DEFAULT 0,
  subject TEXT,
  stage TEXT,
  type TEXT,
  minutes INTEGER,
  kept_for TEXT,
  person BLOB,
  kept_from BLOB
);
CREATE TABLE course (
  id BLOB PRIMARY KEY,
  home BLOB, -- the school whose nodes alone hold it
  state TEXT,
  title TEXT,
  title_key BLOB,
  made INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  changed_node BLOB NOT NULL,
  erased INTEGER NOT NULL DEFAULT 0,
  subject TEXT,
  stage TEXT,
  grade TEXT,
  licence TEXT,
  credit TEXT,
  curriculum TEXT,
  minutes INTEGER,
  adult_needed INTEGER,
  about TEXT,
  call BLOB,
  adapted_from BLOB,
  plan BLOB
);
CREATE TABLE course_languages (id BLOB NOT NULL, value TEXT NOT NULL, PRIMARY KEY (id, value)) WITHOUT ROWID;
CREATE TABLE resource (
  id BLOB PRIMARY KEY,
  home BLOB, -- the school whose nodes alone hold it
  state TEXT,
  title TEXT,
  title_key BLOB,
  made INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  changed_node BLOB NOT NULL,
  erased INTEGER NOT NULL DEFAULT 0,
  course BLOB,
  unit TEXT,
  place INTEGER,
  form TEXT,
  text TEXT,
  file TEXT,
  media TEXT,
  bytes INTEGER,
  content BLOB,
  beside BLOB,
  language TEXT,
  launch TEXT
);
CREATE TABLE course_hand (
  id BLOB PRIMARY KEY,
  home BLOB, -- the school whose nodes alone hold it
  state TEXT,
  title TEXT,
  title_key BLOB,
  made INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  changed_node BLOB NOT NULL,
  erased INTEGER NOT NULL DEFAULT 0,
  course BLOB,
  person BLOB,
  byline TEXT,
  part TEXT
);
CREATE TABLE course_review (
  id BLOB PRIMARY KEY,
  home BLOB, -- the school whose nodes alone hold it
  state TEXT,
  title TEXT,
  title_key BLOB,
  made INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  changed_node BLOB NOT NULL,
  erased INTEGER NOT NULL DEFAULT 0,
  course BLOB,
  verdict TEXT,
  said TEXT,
  person BLOB,
  byline TEXT
);
CREATE TABLE course_use (
  id BLOB PRIMARY KEY,
  home BLOB, -- the school whose nodes alone hold it
  state TEXT,
  title TEXT,
  title_key BLOB,
  made INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  changed_node BLOB NOT NULL,
  erased INTEGER NOT NULL DEFAULT 0,
  course BLOB,
  school BLOB,
  used_on TEXT,
  class TEXT,
  how TEXT,
  note TEXT
);
CREATE TABLE call (
  id BLOB PRIMARY KEY,
  home BLOB, -- the school whose nodes alone hold it
  state TEXT,
  title TEXT,
  title_key BLOB,
  made INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  changed_node BLOB NOT NULL,
  erased INTEGER NOT NULL DEFAULT 0,
  sought TEXT,
  subject TEXT,
  stage TEXT,
  opens_on TEXT,
  closes_on TEXT,
  results TEXT
);
CREATE TABLE rendition (
  id BLOB PRIMARY KEY,
  home BLOB, -- the school whose nodes alone hold it
  state TEXT,
  title TEXT,
  title_key BLOB,
  made INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  changed_node BLOB NOT NULL,
  erased INTEGER NOT NULL DEFAULT 0,
  source BLOB,
  recipe TEXT,
  bytes INTEGER,
  content BLOB,
  refused TEXT
);
CREATE TABLE class_series (
  id BLOB PRIMARY KEY,
  home BLOB, -- the school whose nodes alone hold it
  state TEXT,
  title TEXT,
  title_key BLOB,
  made INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  changed_node BLOB NOT NULL,
  erased INTEGER NOT NULL DEFAULT 0,
  work TEXT,
  subject TEXT,
  starts_on TEXT,
  ends_on TEXT,
  starts_at TEXT,
  minutes INTEGER,
  origin BLOB,
  teacher BLOB,
  byline TEXT,
  course BLOB,
  recorded INTEGER
);
CREATE TABLE class_series_languages (id BLOB NOT NULL, value TEXT NOT NULL, PRIMARY KEY (id, value)) WITHOUT ROWID;
CREATE TABLE series_school (
  id BLOB PRIMARY KEY,
  home BLOB, -- the school whose nodes alone hold it
  state TEXT,
  title TEXT,
  title_key BLOB,
  made INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  changed_node BLOB NOT NULL,
  erased INTEGER NOT NULL DEFAULT 0,
  series BLOB,
  school BLOB,
  grade TEXT,
  person BLOB,
  byline TEXT
);
CREATE TABLE live_class (
  id BLOB PRIMARY KEY,
  home BLOB, -- the school whose nodes alone hold it
  state TEXT,
  title TEXT,
  title_key BLOB,
  made INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  changed_node BLOB NOT NULL,
  erased INTEGER NOT NULL DEFAULT 0,
  kind TEXT,
  subject TEXT,
  starts_on TEXT,
  starts_at TEXT,
  minutes INTEGER,
  origin BLOB,
  teacher BLOB,
  byline TEXT,
  co_teacher BLOB,
  co_origin BLOB,
  plan BLOB,
  course BLOB,
  recorded INTEGER,
  series BLOB,
  held_on TEXT,
  held_minutes INTEGER,
  notes TEXT
);
CREATE TABLE live_class_languages (id BLOB NOT NULL, value TEXT NOT NULL, PRIMARY KEY (id, value)) WITHOUT ROWID;
CREATE TABLE class_room (
  id BLOB PRIMARY KEY,
  home BLOB, -- the school whose nodes alone hold it
  state TEXT,
  title TEXT,
  title_key BLOB,
  made INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  changed_node BLOB NOT NULL,
  erased INTEGER NOT NULL DEFAULT 0,
  class BLOB,
  school BLOB,
  grade TEXT,
  person BLOB,
  byline TEXT,
  ready_for BLOB,
  headcount INTEGER,
  present_minutes INTEGER,
  cuts INTEGER,
  cut_seconds INTEGER
);
CREATE TABLE class_record (
  id BLOB PRIMARY KEY,
  home BLOB, -- the school whose nodes alone hold it
  state TEXT,
  title TEXT,
  title_key BLOB,
  made INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  changed_node BLOB NOT NULL,
  erased INTEGER NOT NULL DEFAULT 0,
  class BLOB,
  node BLOB,
  content BLOB,
  bytes INTEGER,
  seconds INTEGER,
  withdrawn INTEGER,
  room BLOB
);
CREATE TABLE class_still (
  id BLOB PRIMARY KEY,
  home BLOB, -- the school whose nodes alone hold it
  state TEXT,
  title TEXT,
  title_key BLOB,
  made INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  changed_node BLOB NOT NULL,
  erased INTEGER NOT NULL DEFAULT 0,
  class BLOB,
  room BLOB,
  media TEXT,
  bytes INTEGER,
  content BLOB
);
CREATE TABLE week_words (
  id BLOB PRIMARY KEY,
  home BLOB, -- the school whose nodes alone hold it
  state TEXT,
  title TEXT,
  title_key BLOB,
  made INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  changed_node BLOB NOT NULL,
  erased INTEGER NOT NULL DEFAULT 0,
  person BLOB,
  week TEXT,
  struck TEXT,
  said TEXT
);
CREATE TABLE week_log (
  id BLOB PRIMARY KEY,
  home BLOB, -- the school whose nodes alone hold it
  state TEXT,
  title TEXT,
  title_key BLOB,
  made INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  changed_node BLOB NOT NULL,
  erased INTEGER NOT NULL DEFAULT 0,
  person BLOB,
  recipient BLOB,
  week TEXT,
  given_on TEXT,
  said TEXT
);
CREATE TABLE handover_pack (
  id BLOB PRIMARY KEY,
  home BLOB, -- the school whose nodes alone hold it
  state TEXT,
  title TEXT,
  title_key BLOB,
  made INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  changed_node BLOB NOT NULL,
  erased INTEGER NOT NULL DEFAULT 0,
  person BLOB,
  recipient BLOB,
  given_on TEXT,
  said TEXT
);
CREATE TABLE indicator (
  id BLOB PRIMARY KEY,
  home BLOB, -- the school whose nodes alone hold it
  state TEXT,
  title TEXT,
  title_key BLOB,
  made INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  changed_node BLOB NOT NULL,
  erased INTEGER NOT NULL DEFAULT 0,
  titles TEXT,
  code TEXT,
  rule TEXT,
  place INTEGER
);
CREATE TABLE indicator_cohorts (id BLOB NOT NULL, value BLOB NOT NULL, PRIMARY KEY (id, value)) WITHOUT ROWID;
CREATE TABLE declared_total (
  id BLOB PRIMARY KEY,
  home BLOB, -- the school whose nodes alone hold it
  state TEXT,
  title TEXT,
  title_key BLOB,
  made INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  changed_node BLOB NOT NULL,
  erased INTEGER NOT NULL DEFAULT 0,
  what TEXT,
  indicator BLOB,
  number INTEGER,
  at_least INTEGER,
  source TEXT,
  declared_on TEXT,
  period TEXT
);
CREATE TABLE node (
  id BLOB PRIMARY KEY,
  home BLOB, -- the school whose nodes alone hold it
  state TEXT,
  title TEXT,
  title_key BLOB,
  made INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  changed_node BLOB NOT NULL,
  erased INTEGER NOT NULL DEFAULT 0,
  node_id BLOB,
  public_key BLOB,
  school BLOB,
  upper BLOB
);
CREATE TABLE file (
  id BLOB PRIMARY KEY,
  home BLOB, -- the school whose nodes alone hold it
  state TEXT,
  title TEXT,
  title_key BLOB,
  made INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  changed_node BLOB NOT NULL,
  erased INTEGER NOT NULL DEFAULT 0,
  name TEXT,
  media TEXT,
  bytes INTEGER,
  content BLOB
);
CREATE INDEX visit_by_title ON visit (title_key, id);
CREATE INDEX visit_by_changed ON visit (changed);
CREATE INDEX visit_by_host ON visit (host, title_key);
CREATE INDEX visit_by_from_school ON visit (from_school, title_key);
CREATE INDEX visit_by_starts_on ON visit (starts_on, title_key);
CREATE INDEX visit_by_ends_on ON visit (ends_on, title_key);
CREATE INDEX visit_by_trip ON visit (trip, title_key);
CREATE INDEX visit_visitors_by_value ON visit_visitors (value, id);
CREATE INDEX visit_team_by_value ON visit_team (value, id);
CREATE INDEX visit_by_follow_up_on ON visit (follow_up_on, title_key);
CREATE INDEX visit_files_by_value ON visit_files (value, id);
CREATE INDEX visit_by_held_on ON visit (held_on, title_key);
CREATE INDEX visit_by_followed_up_on ON visit (followed_up_on, title_key);
CREATE INDEX visit_by_state ON visit (state, title_key);
CREATE INDEX trip_by_title ON trip (title_key, id);
CREATE INDEX trip_by_changed ON trip (changed);
CREATE INDEX trip_by_from_school ON trip (from_school, title_key);
CREATE INDEX trip_by_starts_on ON trip (starts_on, title_key);
CREATE INDEX trip_by_ends_on ON trip (ends_on, title_key);
CREATE INDEX trip_by_leader ON trip (leader, title_key);
CREATE INDEX trip_files_by_value ON trip_files (value, id);
CREATE INDEX trip_by_state ON trip (state, title_key);
CREATE INDEX study_tour_by_title ON study_tour (title_key, id);
CREATE INDEX study_tour_by_changed ON study_tour (changed);
CREATE INDEX study_tour_by_school ON study_tour (school, title_key);
CREATE INDEX study_tour_by_host ON study_tour (host, title_key);
CREATE INDEX study_tour_by_starts_on ON study_tour (starts_on, title_key);
CREATE INDEX study_tour_by_ends_on ON study_tour (ends_on, title_key);
CREATE INDEX study_tour_by_series ON study_tour (series, title_key);
CREATE INDEX study_tour_files_by_value ON study_tour_files (value, id);
CREATE INDEX study_tour_by_left_on ON study_tour (left_on, title_key);
CREATE INDEX study_tour_by_closed_on ON study_tour (closed_on, title_key);
CREATE INDEX study_tour_by_state ON study_tour (state, title_key);
CREATE INDEX tour_leg_by_title ON tour_leg (title_key, id);
CREATE INDEX tour_leg_by_changed ON tour_leg (changed);
CREATE INDEX tour_leg_by_tour ON tour_leg (tour, title_key);
CREATE INDEX tour_leg_by_day ON tour_leg (day, title_key);
CREATE INDEX tour_leg_by_how ON tour_leg (how, title_key);
CREATE INDEX tour_leg_by_adult ON tour_leg (adult, title_key);
CREATE INDEX tour_risk_by_title ON tour_risk (title_key, id);
CREATE INDEX tour_risk_by_changed ON tour_risk (changed);
CREATE INDEX tour_risk_by_tour ON tour_risk (tour, title_key);
CREATE INDEX tour_risk_by_who ON tour_risk (who, title_key);
CREATE INDEX tour_adult_by_title ON tour_adult (title_key, id);
CREATE INDEX tour_adult_by_changed ON tour_adult (changed);
CREATE INDEX tour_adult_by_tour ON tour_adult (tour, title_key);
CREATE INDEX tour_adult_by_person ON tour_adult (person, title_key);
CREATE INDEX tour_adult_by_part ON tour_adult (part, title_key);
CREATE INDEX tour_approval_by_title ON tour_approval (title_key, id);
CREATE INDEX tour_approval_by_changed ON tour_approval (changed);
CREATE INDEX tour_approval_by_tour ON tour_approval (tour, title_key);
CREATE INDEX tour_approval_by_person ON tour_approval (person, title_key);
CREATE INDEX tour_approval_by_given_on ON tour_approval (given_on, title_key);
CREATE INDEX tour_roll_by_title ON tour_roll (title_key, id);
CREATE INDEX tour_roll_by_changed ON tour_roll (changed);
CREATE INDEX tour_roll_by_tour ON tour_roll (tour, title_key);
CREATE INDEX tour_roll_by_leg ON tour_roll (leg, title_key);
CREATE INDEX tour_roll_by_day ON tour_roll (day, title_key);
CREATE INDEX tour_roll_by_person ON tour_roll (person, title_key);
CREATE INDEX tour_story_by_title ON tour_story (title_key, id);
CREATE INDEX tour_story_by_changed ON tour_story (changed);
CREATE INDEX tour_story_by_tour ON tour_story (tour, title_key);
CREATE INDEX tour_story_files_by_value ON tour_story_files (value, id);
CREATE INDEX tour_story_by_state ON tour_story (state, title_key);
CREATE INDEX pupil_by_title ON pupil (title_key, id);
CREATE INDEX pupil_by_changed ON pupil (changed);
CREATE INDEX pupil_by_school ON pupil (school, title_key);
CREATE INDEX pupil_consent_by_title ON pupil_consent (title_key, id);
CREATE INDEX pupil_consent_by_changed ON pupil_consent (changed);
CREATE INDEX pupil_consent_by_school ON pupil_consent (school, title_key);
CREATE INDEX pupil_consent_by_pupil ON pupil_consent (pupil, title_key);
CREATE INDEX pupil_consent_by_tour ON pupil_consent (tour, title_key);
CREATE INDEX pupil_consent_by_given_on ON pupil_consent (given_on, title_key);
CREATE INDEX pupil_consent_by_withdrawn_on ON pupil_consent (withdrawn_on, title_key);
CREATE INDEX pupil_consent_by_state ON pupil_consent (state, title_key);
CREATE INDEX tour_pupil_by_title ON tour_pupil (title_key, id);
CREATE INDEX tour_pupil_by_changed ON tour_pupil (changed);
CREATE INDEX tour_pupil_by_school ON tour_pupil (school, title_key);
CREATE INDEX tour_pupil_by_tour ON tour_pupil (tour, title_key);
CREATE INDEX tour_pupil_by_pupil ON tour_pupil (pupil, title_key);
CREATE INDEX tour_pupil_by_state ON tour_pupil (state, title_key);
CREATE INDEX tour_contact_by_title ON tour_contact (title_key, id);
CREATE INDEX tour_contact_by_changed ON tour_contact (changed);
CREATE INDEX tour_contact_by_school ON tour_contact (school, title_key);
CREATE INDEX tour_contact_by_tour ON tour_contact (tour, title_key);
CREATE INDEX tour_contact_by_pupil ON tour_contact (pupil, title_key);
CREATE INDEX tour_opening_by_title ON tour_opening (title_key, id);
CREATE INDEX tour_opening_by_changed ON tour_opening (changed);
CREATE INDEX tour_opening_by_school ON tour_opening (school, title_key);
CREATE INDEX tour_opening_by_tour ON tour_opening (tour, title_key);
CREATE INDEX tour_opening_by_pupil ON tour_opening (pupil, title_key);
CREATE INDEX tour_opening_by_person ON tour_opening (person, title_key);
CREATE INDEX tour_opening_by_opened_on ON tour_opening (opened_on, title_key);
CREATE INDEX tour_missing_by_title ON tour_missing (title_key, id);
CREATE INDEX tour_missing_by_changed ON tour_missing (changed);
CREATE INDEX tour_missing_by_school ON tour_missing (school, title_key);
CREATE INDEX tour_missing_by_roll ON tour_missing (roll, title_key);
CREATE INDEX tour_missing_by_pupil ON tour_missing (pupil, title_key);
CREATE INDEX pocket_by_title ON pocket (title_key, id);
CREATE INDEX pocket_by_changed ON pocket (changed);
CREATE INDEX pocket_by_person ON pocket (person, title_key);
CREATE INDEX pocket_by_since ON pocket (since, title_key);
CREATE INDEX pocket_by_state ON pocket (state, title_key);
CREATE INDEX activity_by_title ON activity (title_key, id);
CREATE INDEX activity_by_changed ON activity (changed);
CREATE INDEX activity_by_kind ON activity (kind, title_key);
CREATE INDEX activity_by_school ON activity (school, title_key);
CREATE INDEX activity_by_starts_on ON activity (starts_on, title_key);
CREATE INDEX activity_by_ends_on ON activity (ends_on, title_key);
CREATE INDEX activity_by_team ON activity (team, title_key);
CREATE INDEX activity_by_visit ON activity (visit, title_key);
CREATE INDEX activity_given_by_by_value ON activity_given_by (value, id);
CREATE INDEX activity_files_by_value ON activity_files (value, id);
CREATE INDEX activity_by_held_on ON activity (held_on, title_key);
CREATE INDEX activity_by_state ON activity (state, title_key);
CREATE INDEX participation_by_title ON participation (title_key, id);
CREATE INDEX participation_by_changed ON participation (changed);
CREATE INDEX participation_by_activity ON participation (activity, title_key);
CREATE INDEX participation_by_person ON participation (person, title_key);
CREATE INDEX participation_by_day ON participation (day, title_key);
CREATE INDEX participation_by_school ON participation (school, title_key);
CREATE INDEX headcount_by_title ON headcount (title_key, id);
CREATE INDEX headcount_by_changed ON headcount (changed);
CREATE INDEX headcount_by_activity ON headcount (activity, title_key);
CREATE INDEX headcount_by_category ON headcount (category, title_key);
CREATE INDEX headcount_by_day ON headcount (day, title_key);
CREATE INDEX headcount_by_basis ON headcount (basis, title_key);
CREATE INDEX headcount_by_state ON headcount (state, title_key);
CREATE INDEX programme_by_title ON programme (title_key, id);
CREATE INDEX programme_by_changed ON programme (changed);
CREATE INDEX programme_languages_by_value ON programme_languages (value, id);
CREATE INDEX programme_by_state ON programme (state, title_key);
CREATE INDEX organisation_by_title ON organisation (title_key, id);
CREATE INDEX organisation_by_changed ON organisation (changed);
CREATE INDEX organisation_by_kind ON organisation (kind, title_key);
CREATE INDEX organisation_by_parent ON organisation (parent, title_key);
CREATE INDEX organisation_by_region ON organisation (region, title_key);
CREATE INDEX organisation_stages_by_value ON organisation_stages (value, id);
CREATE INDEX organisation_by_merged_into ON organisation (merged_into, title_key);
CREATE INDEX organisation_by_ended_on ON organisation (ended_on, title_key);
CREATE INDEX organisation_by_state ON organisation (state, title_key);
CREATE INDEX partnership_by_title ON partnership (title_key, id);
CREATE INDEX partnership_by_changed ON partnership (changed);
CREATE INDEX partnership_by_unit ON partnership (unit, title_key);
CREATE INDEX partnership_by_school ON partnership (school, title_key);
CREATE INDEX partnership_files_by_value ON partnership_files (value, id);
CREATE INDEX partnership_by_signed_on ON partnership (signed_on, title_key);
CREATE INDEX partnership_by_ended_on ON partnership (ended_on, title_key);
CREATE INDEX partnership_by_state ON partnership (state, title_key);
CREATE INDEX commitment_by_title ON commitment (title_key, id);
CREATE INDEX commitment_by_changed ON commitment (changed);
CREATE INDEX commitment_by_partnership ON commitment (partnership, title_key);
CREATE INDEX commitment_by_kind ON commitment (kind, title_key);
CREATE INDEX commitment_by_due_on ON commitment (due_on, title_key);
CREATE INDEX commitment_by_kept_on ON commitment (kept_on, title_key);
CREATE INDEX commitment_by_state ON commitment (state, title_key);
CREATE INDEX delivery_by_title ON delivery (title_key, id);
CREATE INDEX delivery_by_changed ON delivery (changed);
CREATE INDEX delivery_by_commitment ON delivery (commitment, title_key);
CREATE INDEX delivery_by_delivered_on ON delivery (delivered_on, title_key);
CREATE INDEX delivery_by_unit ON delivery (unit, title_key);
CREATE INDEX delivery_by_place ON delivery (place, title_key);
CREATE INDEX delivery_files_by_value ON delivery_files (value, id);
CREATE INDEX delivery_by_confirmed_on ON delivery (confirmed_on, title_key);
CREATE INDEX delivery_by_state ON delivery (state, title_key);
CREATE INDEX cohort_by_title ON cohort (title_key, id);
CREATE INDEX cohort_by_changed ON cohort (changed);
CREATE INDEX cohort_by_opens_on ON cohort (opens_on, title_key);
CREATE INDEX cohort_by_closes_on ON cohort (closes_on, title_key);
CREATE INDEX cohort_by_state ON cohort (state, title_key);
CREATE INDEX need_by_title ON need (title_key, id);
CREATE INDEX need_by_changed ON need (changed);
CREATE INDEX need_by_school ON need (school, title_key);
CREATE INDEX need_by_role ON need (role, title_key);
CREATE INDEX need_by_subject ON need (subject, title_key);
CREATE INDEX need_by_stage ON need (stage, title_key);
CREATE INDEX need_teaching_languages_by_value ON need_teaching_languages (value, id);
CREATE INDEX need_by_carried_by ON need (carried_by, title_key);
CREATE INDEX need_by_met_on ON need (met_on, title_key);
CREATE INDEX need_by_reopened_on ON need (reopened_on, title_key);
CREATE INDEX need_by_state ON need (state, title_key);
CREATE INDEX posting_by_title ON posting (title_key, id);
CREATE INDEX posting_by_changed ON posting (changed);
CREATE INDEX posting_by_person ON posting (person, title_key);
CREATE INDEX posting_by_school ON posting (school, title_key);
CREATE INDEX posting_by_sender ON posting (sender, title_key);
CREATE INDEX posting_by_cohort ON posting (cohort, title_key);
CREATE INDEX posting_by_need ON posting (need, title_key);
CREATE INDEX posting_by_role ON posting (role, title_key);
CREATE INDEX posting_by_subject ON posting (subject, title_key);
CREATE INDEX posting_by_starts_on ON posting (starts_on, title_key);
CREATE INDEX posting_by_ends_on ON posting (ends_on, title_key);
CREATE INDEX posting_by_arrived_on ON posting (arrived_on, title_key);
CREATE INDEX posting_by_ended_on ON posting (ended_on, title_key);
CREATE INDEX posting_by_handed_to ON posting (handed_to, title_key);
CREATE INDEX posting_by_state ON posting (state, title_key);
CREATE INDEX period_by_title ON period (title_key, id);
CREATE INDEX period_by_changed ON period (changed);
CREATE INDEX period_by_school ON period (school, title_key);
CREATE INDEX timetable_lesson_by_title ON timetable_lesson (title_key, id);
CREATE INDEX timetable_lesson_by_changed ON timetable_lesson (changed);
CREATE INDEX timetable_lesson_by_school ON timetable_lesson (school, title_key);
CREATE INDEX timetable_lesson_by_class ON timetable_lesson (class, title_key);
CREATE INDEX timetable_lesson_by_weekday ON timetable_lesson (weekday, title_key);
CREATE INDEX timetable_lesson_by_period ON timetable_lesson (period, title_key);
CREATE INDEX timetable_lesson_by_subject ON timetable_lesson (subject, title_key);
CREATE INDEX timetable_lesson_by_teacher ON timetable_lesson (teacher, title_key);
CREATE INDEX timetable_lesson_by_starts_on ON timetable_lesson (starts_on, title_key);
CREATE INDEX timetable_lesson_by_ends_on ON timetable_lesson (ends_on, title_key);
CREATE INDEX nomination_by_title ON nomination (title_key, id);
CREATE INDEX nomination_by_changed ON nomination (changed);
CREATE INDEX nomination_by_person ON nomination (person, title_key);
CREATE INDEX nomination_by_unit ON nomination (unit, title_key);
CREATE INDEX nomination_by_cohort ON nomination (cohort, title_key);
CREATE INDEX nomination_roles_by_value ON nomination_roles (value, id);
CREATE INDEX nomination_subjects_by_value ON nomination_subjects (value, id);
CREATE INDEX nomination_stages_by_value ON nomination_stages (value, id);
CREATE INDEX nomination_teaching_languages_by_value ON nomination_teaching_languages (value, id);
CREATE INDEX nomination_keep_with_by_value ON nomination_keep_with (value, id);
CREATE INDEX nomination_by_need ON nomination (need, title_key);
CREATE INDEX nomination_by_notified_on ON nomination (notified_on, title_key);
CREATE INDEX nomination_by_state ON nomination (state, title_key);
CREATE INDEX reverse_posting_by_title ON reverse_posting (title_key, id);
CREATE INDEX reverse_posting_by_changed ON reverse_posting (changed);
CREATE INDEX reverse_posting_by_person ON reverse_posting (person, title_key);
CREATE INDEX reverse_posting_by_school ON reverse_posting (school, title_key);
CREATE INDEX reverse_posting_by_host ON reverse_posting (host, title_key);
CREATE INDEX reverse_posting_by_role ON reverse_posting (role, title_key);
CREATE INDEX reverse_posting_by_subject ON reverse_posting (subject, title_key);
CREATE INDEX reverse_posting_by_starts_on ON reverse_posting (starts_on, title_key);
CREATE INDEX reverse_posting_by_ends_on ON reverse_posting (ends_on, title_key);
CREATE INDEX reverse_posting_by_arrived_on ON reverse_posting (arrived_on, title_key);
CREATE INDEX reverse_posting_by_ended_on ON reverse_posting (ended_on, title_key);
CREATE INDEX reverse_posting_by_state ON reverse_posting (state, title_key);
CREATE INDEX reverse_report_by_title ON reverse_report (title_key, id);
CREATE INDEX reverse_report_by_changed ON reverse_report (changed);
CREATE INDEX reverse_report_by_reverse_posting ON reverse_report (reverse_posting, title_key);
CREATE INDEX reverse_report_by_person ON reverse_report (person, title_key);
CREATE INDEX health_session_by_title ON health_session (title_key, id);
CREATE INDEX health_session_by_changed ON health_session (changed);
CREATE INDEX health_session_by_school ON health_session (school, title_key);
CREATE INDEX health_session_by_starts_on ON health_session (starts_on, title_key);
CREATE INDEX health_session_by_medic ON health_session (medic, title_key);
CREATE INDEX health_session_by_held_on ON health_session (held_on, title_key);
CREATE INDEX health_session_by_basis ON health_session (basis, title_key);
CREATE INDEX health_session_by_state ON health_session (state, title_key);
CREATE INDEX person_by_title ON person (title_key, id);
CREATE INDEX person_by_changed ON person (changed);
CREATE INDEX person_by_school ON person (school, title_key);
CREATE INDEX person_by_unit ON person (unit, title_key);
CREATE INDEX person_subjects_by_value ON person_subjects (value, id);
CREATE INDEX person_stages_by_value ON person_stages (value, id);
CREATE INDEX person_teaching_languages_by_value ON person_teaching_languages (value, id);
CREATE INDEX person_by_state ON person (state, title_key);
CREATE INDEX consent_by_title ON consent (title_key, id);
CREATE INDEX consent_by_changed ON consent (changed);
CREATE INDEX consent_by_whose ON consent (whose, title_key);
CREATE INDEX consent_by_purpose ON consent (purpose, title_key);
CREATE INDEX consent_by_given_on ON consent (given_on, title_key);
CREATE INDEX consent_by_withdrawn_on ON consent (withdrawn_on, title_key);
CREATE INDEX consent_by_state ON consent (state, title_key);
CREATE INDEX account_by_title ON account (title_key, id);
CREATE INDEX account_by_changed ON account (changed);
CREATE INDEX account_by_person ON account (person, title_key);
CREATE INDEX account_by_state ON account (state, title_key);
CREATE INDEX grant_of_role_by_title ON grant_of_role (title_key, id);
CREATE INDEX grant_of_role_by_changed ON grant_of_role (changed);
CREATE INDEX grant_of_role_by_person ON grant_of_role (person, title_key);
CREATE INDEX grant_of_role_by_organisation ON grant_of_role (organisation, title_key);
CREATE INDEX grant_of_role_by_from_on ON grant_of_role (from_on, title_key);
CREATE INDEX grant_of_role_by_until_on ON grant_of_role (until_on, title_key);
CREATE INDEX grant_of_role_by_state ON grant_of_role (state, title_key);
CREATE INDEX pairing_by_title ON pairing (title_key, id);
CREATE INDEX pairing_by_changed ON pairing (changed);
CREATE INDEX pairing_by_kind ON pairing (kind, title_key);
CREATE INDEX pairing_by_master ON pairing (master, title_key);
CREATE INDEX pairing_by_apprentice ON pairing (apprentice, title_key);
CREATE INDEX pairing_by_school ON pairing (school, title_key);
CREATE INDEX pairing_by_subject ON pairing (subject, title_key);
CREATE INDEX pairing_by_renews ON pairing (renews, title_key);
CREATE INDEX pairing_by_master_signed_on ON pairing (master_signed_on, title_key);
CREATE INDEX pairing_by_apprentice_signed_on ON pairing (apprentice_signed_on, title_key);
CREATE INDEX pairing_by_active_from ON pairing (active_from, title_key);
CREATE INDEX pairing_by_ended_on ON pairing (ended_on, title_key);
CREATE INDEX pairing_by_handed_to ON pairing (handed_to, title_key);
CREATE INDEX pairing_by_state ON pairing (state, title_key);
CREATE INDEX pair_signature_by_title ON pair_signature (title_key, id);
CREATE INDEX pair_signature_by_changed ON pair_signature (changed);
CREATE INDEX pair_signature_by_pairing ON pair_signature (pairing, title_key);
CREATE INDEX pair_signature_by_person ON pair_signature (person, title_key);
CREATE INDEX pair_signature_by_signed_on ON pair_signature (signed_on, title_key);
CREATE INDEX pair_note_by_title ON pair_note (title_key, id);
CREATE INDEX pair_note_by_changed ON pair_note (changed);
CREATE INDEX pair_note_by_pairing ON pair_note (pairing, title_key);
CREATE INDEX pair_note_by_person ON pair_note (person, title_key);
CREATE INDEX pair_note_by_held_on ON pair_note (held_on, title_key);
CREATE INDEX pair_note_by_goal ON pair_note (goal, title_key);
CREATE INDEX pair_goal_by_title ON pair_goal (title_key, id);
CREATE INDEX pair_goal_by_changed ON pair_goal (changed);
CREATE INDEX pair_goal_by_pairing ON pair_goal (pairing, title_key);
CREATE INDEX pair_goal_by_person ON pair_goal (person, title_key);
CREATE INDEX pair_goal_by_set_on ON pair_goal (set_on, title_key);
CREATE INDEX pair_goal_looked_back_by_value ON pair_goal_looked_back (value, id);
CREATE INDEX pair_goal_by_reviewed_on ON pair_goal (reviewed_on, title_key);
CREATE INDEX pair_goal_by_state ON pair_goal (state, title_key);
CREATE INDEX pair_evidence_by_title ON pair_evidence (title_key, id);
CREATE INDEX pair_evidence_by_changed ON pair_evidence (changed);
CREATE INDEX pair_evidence_by_pairing ON pair_evidence (pairing, title_key);
CREATE INDEX pair_evidence_by_goal ON pair_evidence (goal, title_key);
CREATE INDEX pair_evidence_by_person ON pair_evidence (person, title_key);
CREATE INDEX pair_evidence_by_held_on ON pair_evidence (held_on, title_key);
CREATE INDEX pair_evidence_by_lesson ON pair_evidence (lesson, title_key);
CREATE INDEX pair_evidence_by_observation ON pair_evidence (observation, title_key);
CREATE INDEX pair_evidence_by_plan ON pair_evidence (plan, title_key);
CREATE INDEX pair_evidence_by_course ON pair_evidence (course, title_key);
CREATE INDEX pair_lesson_by_title ON pair_lesson (title_key, id);
CREATE INDEX pair_lesson_by_changed ON pair_lesson (changed);
CREATE INDEX pair_lesson_by_pairing ON pair_lesson (pairing, title_key);
CREATE INDEX pair_lesson_by_person ON pair_lesson (person, title_key);
CREATE INDEX pair_lesson_by_held_on ON pair_lesson (held_on, title_key);
CREATE INDEX pair_fit_by_title ON pair_fit (title_key, id);
CREATE INDEX pair_fit_by_changed ON pair_fit (changed);
CREATE INDEX pair_fit_by_pairing ON pair_fit (pairing, title_key);
CREATE INDEX pair_fit_by_person ON pair_fit (person, title_key);
CREATE INDEX pair_offer_by_title ON pair_offer (title_key, id);
CREATE INDEX pair_offer_by_changed ON pair_offer (changed);
CREATE INDEX pair_offer_by_person ON pair_offer (person, title_key);
CREATE INDEX pair_offer_by_school ON pair_offer (school, title_key);
CREATE INDEX pair_wish_by_title ON pair_wish (title_key, id);
CREATE INDEX pair_wish_by_changed ON pair_wish (changed);
CREATE INDEX pair_wish_by_person ON pair_wish (person, title_key);
CREATE INDEX pair_wish_by_school ON pair_wish (school, title_key);
CREATE INDEX pair_wish_by_offer ON pair_wish (offer, title_key);
CREATE INDEX pair_search_by_title ON pair_search (title_key, id);
CREATE INDEX pair_search_by_changed ON pair_search (changed);
CREATE INDEX pair_search_by_pairing ON pair_search (pairing, title_key);
CREATE INDEX pair_search_by_asked_on ON pair_search (asked_on, title_key);
CREATE INDEX observation_by_title ON observation (title_key, id);
CREATE INDEX observation_by_changed ON observation (changed);
CREATE INDEX observation_by_teacher ON observation (teacher, title_key);
CREATE INDEX observation_by_observer ON observation (observer, title_key);
CREATE INDEX observation_by_asked_by ON observation (asked_by, title_key);
CREATE INDEX observation_by_day ON observation (day, title_key);
CREATE INDEX observation_by_held_on ON observation (held_on, title_key);
CREATE INDEX observation_by_shared_on ON observation (shared_on, title_key);
CREATE INDEX observation_by_teacher_agrees ON observation (teacher_agrees, title_key);
CREATE INDEX observation_by_observer_agrees ON observation (observer_agrees, title_key);
CREATE INDEX observation_by_state ON observation (state, title_key);
CREATE INDEX observation_part_by_title ON observation_part (title_key, id);
CREATE INDEX observation_part_by_changed ON observation_part (changed);
CREATE INDEX observation_part_by_teacher ON observation_part (teacher, title_key);
CREATE INDEX observation_part_by_observation ON observation_part (observation, title_key);
CREATE INDEX observation_part_by_person ON observation_part (person, title_key);
CREATE INDEX seal_key_by_title ON seal_key (title_key, id);
CREATE INDEX seal_key_by_changed ON seal_key (changed);
CREATE INDEX seal_key_by_person ON seal_key (person, title_key);
CREATE INDEX seal_key_by_since ON seal_key (since, title_key);
CREATE INDEX seal_key_by_state ON seal_key (state, title_key);
CREATE INDEX instrument_by_title ON instrument (title_key, id);
CREATE INDEX instrument_by_changed ON instrument (changed);
CREATE INDEX instrument_word_by_title ON instrument_word (title_key, id);
CREATE INDEX instrument_word_by_changed ON instrument_word (changed);
CREATE INDEX team_by_title ON team (title_key, id);
CREATE INDEX team_by_changed ON team (changed);
CREATE INDEX team_by_kind ON team (kind, title_key);
CREATE INDEX team_by_school ON team (school, title_key);
CREATE INDEX team_by_lead ON team (lead, title_key);
CREATE INDEX team_by_subject ON team (subject, title_key);
CREATE INDEX team_by_active_from ON team (active_from, title_key);
CREATE INDEX team_by_ended_on ON team (ended_on, title_key);
CREATE INDEX team_by_state ON team (state, title_key);
CREATE INDEX membership_by_title ON membership (title_key, id);
CREATE INDEX membership_by_changed ON membership (changed);
CREATE INDEX membership_by_team ON membership (team, title_key);
CREATE INDEX membership_by_person ON membership (person, title_key);
CREATE INDEX membership_by_from_on ON membership (from_on, title_key);
CREATE INDEX membership_by_until_on ON membership (until_on, title_key);
CREATE INDEX team_term_by_title ON team_term (title_key, id);
CREATE INDEX team_term_by_changed ON team_term (changed);
CREATE INDEX team_term_by_team ON team_term (team, title_key);
CREATE INDEX team_term_by_from_on ON team_term (from_on, title_key);
CREATE INDEX team_term_by_until_on ON team_term (until_on, title_key);
CREATE INDEX team_output_by_title ON team_output (title_key, id);
CREATE INDEX team_output_by_changed ON team_output (changed);
CREATE INDEX team_output_by_team ON team_output (team, title_key);
CREATE INDEX team_output_by_plan ON team_output (plan, title_key);
CREATE INDEX team_output_by_course ON team_output (course, title_key);
CREATE INDEX team_output_by_made_on ON team_output (made_on, title_key);
CREATE INDEX research_cycle_by_title ON research_cycle (title_key, id);
CREATE INDEX research_cycle_by_changed ON research_cycle (changed);
CREATE INDEX research_cycle_by_team ON research_cycle (team, title_key);
CREATE INDEX research_cycle_by_school ON research_cycle (school, title_key);
CREATE INDEX research_cycle_by_subject ON research_cycle (subject, title_key);
CREATE INDEX research_cycle_by_starts_on ON research_cycle (starts_on, title_key);
CREATE INDEX research_cycle_by_plan ON research_cycle (plan, title_key);
CREATE INDEX research_cycle_by_ended_on ON research_cycle (ended_on, title_key);
CREATE INDEX research_cycle_by_state ON research_cycle (state, title_key);
CREATE INDEX research_lesson_by_title ON research_lesson (title_key, id);
CREATE INDEX research_lesson_by_changed ON research_lesson (changed);
CREATE INDEX research_lesson_by_cycle ON research_lesson (cycle, title_key);
CREATE INDEX research_lesson_by_school ON research_lesson (school, title_key);
CREATE INDEX research_lesson_by_from_school ON research_lesson (from_school, title_key);
CREATE INDEX research_lesson_by_starts_on ON research_lesson (starts_on, title_key);
CREATE INDEX research_lesson_by_given_by ON research_lesson (given_by, title_key);
CREATE INDEX research_lesson_observers_by_value ON research_lesson_observers (value, id);
CREATE INDEX research_lesson_by_taught_on ON research_lesson (taught_on, title_key);
CREATE INDEX research_lesson_files_by_value ON research_lesson_files (value, id);
CREATE INDEX research_lesson_by_state ON research_lesson (state, title_key);
CREATE INDEX practice_by_title ON practice (title_key, id);
CREATE INDEX practice_by_changed ON practice (changed);
CREATE INDEX practice_by_kind ON practice (kind, title_key);
CREATE INDEX practice_by_origin ON practice (origin, title_key);
CREATE INDEX practice_by_since_on ON practice (since_on, title_key);
CREATE INDEX practice_by_plan ON practice (plan, title_key);
CREATE INDEX practice_by_course ON practice (course, title_key);
CREATE INDEX practice_files_by_value ON practice_files (value, id);
CREATE INDEX practice_by_state ON practice (state, title_key);
CREATE INDEX practice_school_by_title ON practice_school (title_key, id);
CREATE INDEX practice_school_by_changed ON practice_school (changed);
CREATE INDEX practice_school_by_practice ON practice_school (practice, title_key);
CREATE INDEX practice_school_by_school ON practice_school (school, title_key);
CREATE INDEX practice_school_by_shown_by ON practice_school (shown_by, title_key);
CREATE INDEX practice_school_by_shown_on ON practice_school (shown_on, title_key);
CREATE INDEX practice_school_by_visit ON practice_school (visit, title_key);
CREATE INDEX practice_school_by_adopted_on ON practice_school (adopted_on, title_key);
CREATE INDEX practice_school_by_adapted_on ON practice_school (adapted_on, title_key);
CREATE INDEX practice_school_by_dropped_on ON practice_school (dropped_on, title_key);
CREATE INDEX practice_school_by_seen_on ON practice_school (seen_on, title_key);
CREATE INDEX practice_school_files_by_value ON practice_school_files (value, id);
CREATE INDEX practice_school_by_state ON practice_school (state, title_key);
CREATE INDEX lesson_plan_by_title ON lesson_plan (title_key, id);
CREATE INDEX lesson_plan_by_changed ON lesson_plan (changed);
CREATE INDEX lesson_plan_by_subject ON lesson_plan (subject, title_key);
CREATE INDEX lesson_plan_by_stage ON lesson_plan (stage, title_key);
CREATE INDEX lesson_plan_by_type ON lesson_plan (type, title_key);
CREATE INDEX lesson_plan_by_template ON lesson_plan (template, title_key);
CREATE INDEX lesson_plan_languages_by_value ON lesson_plan_languages (value, id);
CREATE INDEX lesson_plan_files_by_value ON lesson_plan_files (value, id);
CREATE INDEX lesson_plan_by_made_from ON lesson_plan (made_from, title_key);
CREATE INDEX lesson_plan_by_taught_on ON lesson_plan (taught_on, title_key);
CREATE INDEX lesson_plan_by_taught_at ON lesson_plan (taught_at, title_key);
CREATE INDEX lesson_plan_by_state ON lesson_plan (state, title_key);
CREATE INDEX plan_author_by_title ON plan_author (title_key, id);
CREATE INDEX plan_author_by_changed ON plan_author (changed);
CREATE INDEX plan_author_by_plan ON plan_author (plan, title_key);
CREATE INDEX plan_author_by_person ON plan_author (person, title_key);
CREATE INDEX plan_comment_by_title ON plan_comment (title_key, id);
CREATE INDEX plan_comment_by_changed ON plan_comment (changed);
CREATE INDEX plan_comment_by_plan ON plan_comment (plan, title_key);
CREATE INDEX plan_comment_by_person ON plan_comment (person, title_key);
CREATE INDEX plan_comment_by_answers ON plan_comment (answers, title_key);
CREATE INDEX plan_comment_asks_by_value ON plan_comment_asks (value, id);
CREATE INDEX plan_comment_by_state ON plan_comment (state, title_key);
CREATE INDEX plan_template_by_title ON plan_template (title_key, id);
CREATE INDEX plan_template_by_changed ON plan_template (changed);
CREATE INDEX plan_template_by_subject ON plan_template (subject, title_key);
CREATE INDEX plan_template_by_stage ON plan_template (stage, title_key);
CREATE INDEX plan_template_by_kept_for ON plan_template (kept_for, title_key);
CREATE INDEX plan_template_by_person ON plan_template (person, title_key);
CREATE INDEX plan_template_by_kept_from ON plan_template (kept_from, title_key);
CREATE INDEX course_by_title ON course (title_key, id);
CREATE INDEX course_by_changed ON course (changed);
CREATE INDEX course_by_subject ON course (subject, title_key);
CREATE INDEX course_by_stage ON course (stage, title_key);
CREATE INDEX course_languages_by_value ON course_languages (value, id);
CREATE INDEX course_by_licence ON course (licence, title_key);
CREATE INDEX course_by_call ON course (call, title_key);
CREATE INDEX course_by_adapted_from ON course (adapted_from, title_key);
CREATE INDEX course_by_plan ON course (plan, title_key);
CREATE INDEX course_by_state ON course (state, title_key);
CREATE INDEX resource_by_title ON resource (title_key, id);
CREATE INDEX resource_by_changed ON resource (changed);
CREATE INDEX resource_by_course ON resource (course, title_key);
CREATE INDEX resource_by_content ON resource (content);
CREATE INDEX resource_by_beside ON resource (beside, title_key);
CREATE INDEX course_hand_by_title ON course_hand (title_key, id);
CREATE INDEX course_hand_by_changed ON course_hand (changed);
CREATE INDEX course_hand_by_course ON course_hand (course, title_key);
CREATE INDEX course_hand_by_person ON course_hand (person, title_key);
CREATE INDEX course_review_by_title ON course_review (title_key, id);
CREATE INDEX course_review_by_changed ON course_review (changed);
CREATE INDEX course_review_by_course ON course_review (course, title_key);
CREATE INDEX course_review_by_person ON course_review (person, title_key);
CREATE INDEX course_use_by_title ON course_use (title_key, id);
CREATE INDEX course_use_by_changed ON course_use (changed);
CREATE INDEX course_use_by_course ON course_use (course, title_key);
CREATE INDEX course_use_by_school ON course_use (school, title_key);
CREATE INDEX course_use_by_used_on ON course_use (used_on, title_key);
CREATE INDEX course_use_by_state ON course_use (state, title_key);
CREATE INDEX call_by_title ON call (title_key, id);
CREATE INDEX call_by_changed ON call (changed);
CREATE INDEX call_by_subject ON call (subject, title_key);
CREATE INDEX call_by_stage ON call (stage, title_key);
CREATE INDEX call_by_opens_on ON call (opens_on, title_key);
CREATE INDEX call_by_closes_on ON call (closes_on, title_key);
CREATE INDEX call_by_state ON call (state, title_key);
CREATE INDEX rendition_by_title ON rendition (title_key, id);
CREATE INDEX rendition_by_changed ON rendition (changed);
CREATE INDEX rendition_by_source ON rendition (source);
CREATE INDEX rendition_by_content ON rendition (content);
CREATE INDEX class_series_by_title ON class_series (title_key, id);
CREATE INDEX class_series_by_changed ON class_series (changed);
CREATE INDEX class_series_by_subject ON class_series (subject, title_key);
CREATE INDEX class_series_by_starts_on ON class_series (starts_on, title_key);
CREATE INDEX class_series_by_ends_on ON class_series (ends_on, title_key);
CREATE INDEX class_series_by_origin ON class_series (origin, title_key);
CREATE INDEX class_series_by_teacher ON class_series (teacher, title_key);
CREATE INDEX class_series_languages_by_value ON class_series_languages (value, id);
CREATE INDEX class_series_by_course ON class_series (course, title_key);
CREATE INDEX class_series_by_state ON class_series (state, title_key);
CREATE INDEX series_school_by_title ON series_school (title_key, id);
CREATE INDEX series_school_by_changed ON series_school (changed);
CREATE INDEX series_school_by_series ON series_school (series, title_key);
CREATE INDEX series_school_by_school ON series_school (school, title_key);
CREATE INDEX series_school_by_person ON series_school (person, title_key);
CREATE INDEX live_class_by_title ON live_class (title_key, id);
CREATE INDEX live_class_by_changed ON live_class (changed);
CREATE INDEX live_class_by_kind ON live_class (kind, title_key);
CREATE INDEX live_class_by_subject ON live_class (subject, title_key);
CREATE INDEX live_class_by_starts_on ON live_class (starts_on, title_key);
CREATE INDEX live_class_by_origin ON live_class (origin, title_key);
CREATE INDEX live_class_by_teacher ON live_class (teacher, title_key);
CREATE INDEX live_class_by_co_teacher ON live_class (co_teacher, title_key);
CREATE INDEX live_class_by_co_origin ON live_class (co_origin, title_key);
CREATE INDEX live_class_languages_by_value ON live_class_languages (value, id);
CREATE INDEX live_class_by_plan ON live_class (plan, title_key);
CREATE INDEX live_class_by_course ON live_class (course, title_key);
CREATE INDEX live_class_by_series ON live_class (series, title_key);
CREATE INDEX live_class_by_held_on ON live_class (held_on, title_key);
CREATE INDEX live_class_by_state ON live_class (state, title_key);
CREATE INDEX class_room_by_title ON class_room (title_key, id);
CREATE INDEX class_room_by_changed ON class_room (changed);
CREATE INDEX class_room_by_class ON class_room (class, title_key);
CREATE INDEX class_room_by_school ON class_room (school, title_key);
CREATE INDEX class_room_by_person ON class_room (person, title_key);
CREATE INDEX class_record_by_title ON class_record (title_key, id);
CREATE INDEX class_record_by_changed ON class_record (changed);
CREATE INDEX class_record_by_class ON class_record (class, title_key);
CREATE INDEX class_record_by_content ON class_record (content);
CREATE INDEX class_record_by_room ON class_record (room, title_key);
CREATE INDEX class_still_by_title ON class_still (title_key, id);
CREATE INDEX class_still_by_changed ON class_still (changed);
CREATE INDEX class_still_by_class ON class_still (class, title_key);
CREATE INDEX class_still_by_room ON class_still (room, title_key);
CREATE INDEX class_still_by_content ON class_still (content);
CREATE INDEX week_words_by_title ON week_words (title_key, id);
CREATE INDEX week_words_by_changed ON week_words (changed);
CREATE INDEX week_words_by_person ON week_words (person, title_key);
CREATE INDEX week_log_by_title ON week_log (title_key, id);
CREATE INDEX week_log_by_changed ON week_log (changed);
CREATE INDEX week_log_by_person ON week_log (person, title_key);
CREATE INDEX week_log_by_recipient ON week_log (recipient, title_key);
CREATE INDEX week_log_by_given_on ON week_log (given_on, title_key);
CREATE INDEX handover_pack_by_title ON handover_pack (title_key, id);
CREATE INDEX handover_pack_by_changed ON handover_pack (changed);
CREATE INDEX handover_pack_by_person ON handover_pack (person, title_key);
CREATE INDEX handover_pack_by_recipient ON handover_pack (recipient, title_key);
CREATE INDEX handover_pack_by_given_on ON handover_pack (given_on, title_key);
CREATE INDEX indicator_by_title ON indicator (title_key, id);
CREATE INDEX indicator_by_changed ON indicator (changed);
CREATE INDEX indicator_by_rule ON indicator (rule, title_key);
CREATE INDEX indicator_cohorts_by_value ON indicator_cohorts (value, id);
CREATE INDEX indicator_by_state ON indicator (state, title_key);
CREATE INDEX declared_total_by_title ON declared_total (title_key, id);
CREATE INDEX declared_total_by_changed ON declared_total (changed);
CREATE INDEX declared_total_by_indicator ON declared_total (indicator, title_key);
CREATE INDEX declared_total_by_declared_on ON declared_total (declared_on, title_key);
CREATE INDEX declared_total_by_state ON declared_total (state, title_key);
CREATE INDEX node_by_title ON node (title_key, id);
CREATE INDEX node_by_changed ON node (changed);
CREATE INDEX node_by_school ON node (school, title_key);
CREATE INDEX node_by_upper ON node (upper, title_key);
CREATE INDEX node_by_state ON node (state, title_key);
CREATE INDEX file_by_title ON file (title_key, id);
CREATE INDEX file_by_changed ON file (changed);
CREATE INDEX file_by_content ON file (content);
