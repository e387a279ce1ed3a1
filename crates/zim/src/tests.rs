#![expect(clippy::cast_possible_truncation, reason = "files of a test are small")]

use std::io::Cursor;

use proptest::prelude::*;

use super::*;

/// How a test's cluster is packed.
#[derive(Clone, Copy)]
enum How {
    Plain,
    Wide,
    Zstd,
    Xz,
    Unknown,
}

/// An entry of a test's file: its space of names, path, title, and what it holds or leads to.
type Entry = (char, &'static str, &'static str, Result<&'static str, usize>);

/// One cluster of `<p>雪莲</p>` and `body{}`, packed by xz 5.4 with its strongest setting.
const XZ: &[u8] = include_bytes!("../tests/cluster.xz");

/// A file whose entries, which must be in order, lie in one cluster.
fn file(version: (u16, u16), entries: &[Entry], how: How, main: u32) -> Vec<u8> {
    let types = b"text/html\0text/css\0application/octet-stream+zimlisting\0\0";
    let width = if matches!(how, How::Wide) { 8 } else { 4 };
    let texts: Vec<&[u8]> = entries.iter().filter_map(|e| e.3.ok()).map(str::as_bytes).collect();
    let mut cluster = Vec::new();
    let mut at = (texts.len() + 1) * width;
    let put = |n: usize, to: &mut Vec<u8>| to.extend(&(n as u64).to_le_bytes()[..width]);
    put(at, &mut cluster);
    for text in &texts {
        at += text.len();
        put(at, &mut cluster);
    }
    texts.iter().for_each(|t| cluster.extend(*t));
    let cluster = match how {
        How::Plain => [&[1][..], &cluster].concat(),
        How::Wide => [&[0x11][..], &cluster].concat(),
        How::Zstd => [&[5][..], &zstd::bulk::compress(&cluster, 19).unwrap()].concat(),
        How::Xz => [&[4][..], XZ].concat(),
        How::Unknown => [&[3][..], &cluster].concat(),
    };
    let (mut dirents, mut pointers, mut blob) = (Vec::new(), Vec::new(), 0_u32);
    let begin = HEADER as usize + types.len();
    for (space, path, title, holds) in entries {
        pointers.extend(((begin + dirents.len()) as u64).to_le_bytes());
        match holds {
            Ok(_) => {
                let media = u16::from(path.contains(".css")) + 2 * u16::from(path.starts_with("listing"));
                dirents.extend(media.to_le_bytes());
                dirents.extend([0, *space as u8, 0, 0, 0, 0, 0, 0, 0, 0]);
                dirents.extend(blob.to_le_bytes());
                blob += 1;
            }
            Err(to) => {
                dirents.extend([0xff, 0xff, 0, *space as u8, 0, 0, 0, 0]);
                dirents.extend((*to as u32).to_le_bytes());
            }
        }
        dirents.extend(path.bytes().chain([0]).chain(title.bytes()).chain([0]));
    }
    let by_path = begin + dirents.len();
    let mut titles: Vec<u32> = (0..entries.len() as u32).collect();
    titles.sort_by_key(|n| {
        (
            entries[*n as usize].0,
            if entries[*n as usize].2.is_empty() { entries[*n as usize].1 } else { entries[*n as usize].2 },
        )
    });
    let by_title = by_path + pointers.len();
    let clusters = by_title + 4 * titles.len();
    let sum = clusters + 8 + cluster.len();
    let mut out = MAGIC.to_vec();
    out.extend(version.0.to_le_bytes().into_iter().chain(version.1.to_le_bytes()));
    out.extend([7; 16]);
    out.extend((entries.len() as u32).to_le_bytes().into_iter().chain(1_u32.to_le_bytes()));
    for at in [by_path, by_title, clusters, HEADER as usize] {
        out.extend((at as u64).to_le_bytes());
    }
    out.extend(main.to_le_bytes().into_iter().chain(NONE.to_le_bytes()));
    out.extend((sum as u64).to_le_bytes());
    out.extend(types);
    out.extend(dirents);
    out.extend(pointers);
    titles.iter().for_each(|n| out.extend(n.to_le_bytes()));
    out.extend(((clusters + 8) as u64).to_le_bytes());
    out.extend(cluster);
    out.extend([0; 16]);
    out
}

const NEW: &[Entry] = &[
    ('C', "a/Snow lotus", "Snow lotus", Ok("<p>雪莲</p>")),
    ('C', "a/lotus", "lotus", Err(0)),
    ('C', "look.css", "", Ok("body{}")),
    ('M', "Title", "", Ok("草药")),
    ('W', "mainPage", "", Err(1)),
];
const OLD: &[Entry] = &[
    ('-', "look.css", "", Ok("body{}")),
    ('A', "雪莲.html", "雪莲 · Snow lotus", Ok("<p>雪莲</p>")),
    ('A', "红景天.html", "红景天", Err(1)),
];

fn text(file: &[u8], place: &str) -> Result<(String, String), ZimError> {
    let mut zim = Zim::open(Cursor::new(file))?;
    Ok(match zim.find(place)? {
        Found::Moved(to) => ("moved".to_owned(), to),
        Found::Plain(media, from, len) => {
            (media, String::from_utf8(file[from as usize..(from + len) as usize].to_vec()).unwrap())
        }
        Found::Packed(media, bytes) => (media, String::from_utf8(bytes).unwrap()),
    })
}

#[test]
fn entries_are_found_however_they_are_packed() {
    for how in [How::Plain, How::Wide, How::Zstd] {
        let new = file((6, 1), NEW, how, 4);
        let page = ("text/html; charset=utf-8".to_owned(), "<p>雪莲</p>".to_owned());
        assert_eq!(text(&new, "a/Snow lotus").unwrap(), page);
        assert_eq!(text(&new, "look.css").unwrap(), ("text/css".to_owned(), "body{}".to_owned()));
        assert_eq!(text(&new, "a/lotus").unwrap(), ("moved".to_owned(), "a/Snow lotus".to_owned()));
        assert!(matches!(text(&new, "Title"), Err(ZimError::None)), "what it says of itself is no page");
        let mut zim = Zim::open(Cursor::new(&new)).unwrap();
        assert_eq!((zim.first().unwrap().as_str(), zim.said("Title").as_deref()), ("a/Snow lotus", Some("草药")));
        assert_eq!((zim.said("Creator"), zim.len()), (None, 5));
        let old = file((5, 0), OLD, how, 2);
        assert_eq!(text(&old, "A/雪莲.html").unwrap(), page);
        assert_eq!(text(&old, "雪莲.html").unwrap(), page);
        assert_eq!(text(&old, "-/look.css").unwrap().1, "body{}");
        assert_eq!(Zim::open(Cursor::new(&old)).unwrap().first().unwrap(), "A/雪莲.html");
    }
    let two: &[Entry] = &[('C', "a", "", Ok("<p>雪莲</p>")), ('C', "b.css", "", Ok("body{}"))];
    let old = file((6, 1), two, How::Xz, 0);
    assert_eq!(
        (text(&old, "a").unwrap().1.as_str(), text(&old, "b.css").unwrap().1.as_str()),
        ("<p>雪莲</p>", "body{}")
    );
}

#[test]
fn titles_are_found_by_their_beginning_and_in_small_files_by_what_stands_in_them() {
    let old = file((5, 0), OLD, How::Zstd, 1);
    let mut zim = Zim::open(Cursor::new(&old)).unwrap();
    let mut found = |typed: &str| -> Vec<String> {
        zim.titles(typed, 5).unwrap().into_iter().map(|h| format!("{} {}", h.title, h.place)).collect()
    };
    assert_eq!(found("雪"), ["雪莲 · Snow lotus A/雪莲.html"]);
    assert_eq!(found("红景天"), ["红景天 A/红景天.html"]);
    assert_eq!(found("LOTUS"), ["雪莲 · Snow lotus A/雪莲.html"]);
    assert!(found("look").is_empty() && found(" ").is_empty() && found("大黄").is_empty());
    // A list of its own, as newer files have it.
    let entries: &[Entry] = &[
        ('C', "a", "Snow lotus", Ok("x")),
        ('C', "b", "snow", Ok("y")),
        ('X', "listing/titleOrdered/v1", "", Ok("\0\0\0\0\u{1}\0\0\0")),
    ];
    let new = file((6, 1), entries, How::Zstd, 0);
    let hits = Zim::open(Cursor::new(&new)).unwrap().titles("snow", 5).unwrap();
    assert_eq!(hits.iter().map(|h| h.place.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(Zim::open(Cursor::new(&new)).unwrap().titles("snow", 1).unwrap().len(), 1);
}

#[test]
fn what_is_cut_off_or_unknown_is_told() {
    let whole = file((6, 1), NEW, How::Zstd, 4);
    assert!(matches!(Zim::open(Cursor::new(&whole[..whole.len() - 5])), Err(ZimError::Part)));
    assert!(matches!(Zim::open(Cursor::new(&whole[..40])), Err(ZimError::Broken)));
    assert!(matches!(Zim::open(Cursor::new(b"PK\x03\x04")), Err(ZimError::Broken)));
    assert!(matches!(Zim::open(Cursor::new(file((7, 0), NEW, How::Zstd, 4))), Err(ZimError::Method)));
    assert!(matches!(text(&file((6, 1), NEW, How::Unknown, 4), "a/Snow lotus"), Err(ZimError::Method)));
    let round: &[Entry] = &[('C', "a", "", Err(1)), ('C', "b", "", Err(0))];
    assert!(matches!(text(&file((6, 1), round, How::Plain, 0), "a"), Err(ZimError::Broken)));
    let none = file((6, 1), NEW, How::Zstd, NONE);
    assert!(matches!(Zim::open(Cursor::new(&none)).unwrap().first(), Err(ZimError::None)));
}

#[test]
fn what_grows_or_claims_to_is_not_unpacked() {
    // Eighty megabytes of nothing in a few kilobytes: the entry behind them is not reached.
    let mut long = Vec::new();
    for at in [12_u32, 80 << 20, (80 << 20) + 1] {
        long.extend(at.to_le_bytes());
    }
    long.resize((80 << 20) + 1, 0);
    let packed = zstd::bulk::compress(&long, 3).unwrap();
    for n in [0, 1] {
        let read = cluster::blob(&mut [&[5][..], &packed].concat().as_slice(), 0, 1 << 40, n);
        assert!(matches!(read, Err(ZimError::TooLarge)), "{n}");
    }
    // A list of four thousand million blobs, and one that lies before its beginning.
    for list in [[u32::MAX - 3, 8, 9], [12, 4, 9], [12, 20, 13]] {
        let bytes: Vec<u8> =
            [5].into_iter().chain(zstd::bulk::compress(&list.map(u32::to_le_bytes).concat(), 1).unwrap()).collect();
        assert!(cluster::blob(&mut bytes.as_slice(), 0, 1 << 40, 0).is_err(), "{list:?}");
    }
    // A frame that wants to look back on two gigabytes.
    let window = [&[5, 0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xa8][..], &[1, 0, 0]].concat();
    assert!(matches!(cluster::blob(&mut window.as_slice(), 0, 1 << 40, 0), Err(ZimError::Broken)));
    // Its strongest setting claims a dictionary of 64 megabytes, and one more is refused.
    let mut larger = XZ.to_vec();
    let at = larger.windows(2).position(|w| w == [0x21, 0x01]).unwrap() + 2;
    larger[at] = 40;
    assert!(cluster::blob(&mut [&[4][..], &larger].concat().as_slice(), 0, 1 << 40, 0).is_err());
}

/// A file that libzim 9 wrote: `herbs.py` beside it says how.
const HERBS: &[u8] = include_bytes!("../tests/herbs.zim");

#[test]
fn what_libzim_writes_is_read() {
    let mut zim = Zim::open(Cursor::new(HERBS)).unwrap();
    assert_eq!((zim.first().unwrap().as_str(), zim.said("Title").as_deref()), ("herbs/index", Some("藏草药小百科")));
    assert!(text(HERBS, "herbs/雪莲").unwrap().1.contains("第399段"));
    assert_eq!(text(HERBS, "herbs/old").unwrap(), ("moved".to_owned(), "plants/大黄".to_owned()));
    assert_eq!(text(HERBS, "look/look.css").unwrap().0, "text/css");
    assert!(matches!(zim.find("pictures/leaf.png").unwrap(), Found::Plain(media, ..) if media == "image/png"));
    let titles = |zim: &mut Zim<_>, typed: &str| -> Vec<String> {
        zim.titles(typed, 9).unwrap().into_iter().map(|h| h.place).collect()
    };
    assert_eq!(titles(&mut zim, "雪"), ["herbs/雪莲"]);
    assert_eq!(titles(&mut zim, "rhodiola"), ["herbs/rhodiola?x"]);
    for n in (0..HERBS.len()).step_by(97) {
        assert!(Zim::open(Cursor::new(&HERBS[..n])).is_err(), "cut at {n}");
    }
}

proptest! {
    #[test]
    fn hostile_files_never_panic(at in 0_usize..700, with in prop::collection::vec(any::<u8>(), 1..9), how in 0_usize..4) {
        let how = [How::Plain, How::Wide, How::Zstd, How::Xz][how];
        let mut bytes = file((6, 1), if matches!(how, How::Xz) { &NEW[..1] } else { NEW }, how, 0);
        let at = at % bytes.len();
        for (n, byte) in with.iter().enumerate() {
            if let Some(b) = bytes.get_mut(at + n) {
                *b = *byte;
            }
        }
        if let Ok(mut zim) = Zim::open(Cursor::new(&bytes)) {
            let _ = zim.first();
            let _ = zim.titles("s", 5);
            for place in ["a/Snow lotus", "a/lotus", "look.css"] {
                if let Ok(Found::Plain(_, from, len)) = zim.find(place) {
                    prop_assert!(from + len <= bytes.len() as u64);
                }
            }
        }
    }
}
