//! Writes a value as JSON in memory as long as it is small enough.
//!
//! A tree of JSON takes many times what its text takes, and some values never end; so what a tree would take as text is
//! counted while it is made, and it is given up where that is too much. Invariant: what is given up was too large; what
//! is near the bound may pass, since what is around values is counted as less than it takes. Values are taken as
//! `serde_json` takes them: every type here hands on what it is given.

use std::{
    cell::Cell,
    fmt::{self, Display, Write as _},
};

use serde::{
    Serialize, Serializer,
    ser::{
        SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple, SerializeTupleStruct,
        SerializeTupleVariant,
    },
};
use serde_json::Value;

/// How deep a result may be nested: readers of JSON take no more, `serde_json` among them.
pub(super) const DEPTH: usize = 127;

/// Why a value is not there.
#[derive(Debug)]
pub(super) enum Unwritten {
    /// It takes more bytes than it may.
    TooLarge,
    /// It is nested deeper than [`DEPTH`].
    TooDeep,
    /// It can't be written as JSON.
    Wrong(serde_json::Error),
}

/// Makes the tree of a value that takes at most `limit` bytes, or little more.
pub(super) fn to_value<T: Serialize + ?Sized>(value: &T, limit: usize) -> Result<Value, Unwritten> {
    let room = Room { bytes: Cell::new(limit), levels: Cell::new(DEPTH), crossed: Cell::new(None) };
    value.serialize(Bounded { inner: serde_json::value::Serializer, room: &room }).map_err(|error| {
        match room.crossed.get() {
            Some(Crossed::Bytes) => Unwritten::TooLarge,
            Some(Crossed::Levels) => Unwritten::TooDeep,
            None => Unwritten::Wrong(error),
        }
    })
}

/// What is left.
struct Room {
    bytes: Cell<usize>,
    levels: Cell<usize>,
    crossed: Cell<Option<Crossed>>,
}

#[derive(Clone, Copy)]
enum Crossed {
    Bytes,
    Levels,
}

impl Room {
    fn take<E: serde::ser::Error>(&self, bytes: usize) -> Result<(), E> {
        match self.bytes.get().checked_sub(bytes) {
            Some(left) => {
                self.bytes.set(left);
                Ok(())
            }
            None => Err(self.crossed(Crossed::Bytes)),
        }
    }

    /// Whether there is room for what is to come, at least.
    fn has<E: serde::ser::Error>(&self, bytes: usize) -> Result<(), E> {
        if bytes <= self.bytes.get() { Ok(()) } else { Err(self.crossed(Crossed::Bytes)) }
    }

    fn enter<E: serde::ser::Error>(&self) -> Result<(), E> {
        match self.levels.get().checked_sub(1) {
            Some(left) => {
                self.levels.set(left);
                Ok(())
            }
            None => Err(self.crossed(Crossed::Levels)),
        }
    }

    fn leave(&self) {
        self.levels.set(self.levels.get() + 1);
    }

    fn crossed<E: serde::ser::Error>(&self, crossed: Crossed) -> E {
        self.crossed.set(Some(crossed));
        E::custom("it takes too much")
    }
}

/// A serializer, or a part of one, that hands on what there is room for.
struct Bounded<'a, S> {
    inner: S,
    room: &'a Room,
}

/// A value inside another.
struct Inside<'a, T: ?Sized> {
    value: &'a T,
    room: &'a Room,
}

impl<T: Serialize + ?Sized> Serialize for Inside<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value.serialize(Bounded { inner: serializer, room: self.room })
    }
}

/// The least that a number takes.
const NUMBER: usize = 1;
/// The quotes of a text or a name.
const QUOTES: usize = 2;
/// The brackets of a list or an object, one less as there is a comma less than there are elements.
const BRACKETS: usize = 1;

/// How many elements are announced, for whom memory is reserved before the first is there.
trait Announced: Copy {
    /// What they take at least: a byte each, and its comma.
    fn bytes(self) -> usize;
}

impl Announced for usize {
    fn bytes(self) -> usize {
        self.saturating_mul(2)
    }
}

impl Announced for Option<usize> {
    fn bytes(self) -> usize {
        self.map_or(0, Announced::bytes)
    }
}

/// Text that is made piece by piece.
struct Text {
    text: String,
    most: usize,
}

impl fmt::Write for Text {
    fn write_str(&mut self, piece: &str) -> fmt::Result {
        if piece.len() > self.most - self.text.len() {
            return Err(fmt::Error);
        }
        self.text.push_str(piece);
        Ok(())
    }
}

macro_rules! scalars {
    ($($method:ident($value:ident: $type:ty) takes $bytes:expr;)*) => {$(
        fn $method(self, $value: $type) -> Result<S::Ok, S::Error> {
            self.room.take($bytes)?;
            self.inner.$method($value)
        }
    )*};
}

macro_rules! compounds {
    ($($method:ident($($name:ident: $type:ty),*; $length:ident: $of:ty) -> $compound:ident
        after $around:expr;)*) => {$(
        fn $method(self, $($name: $type,)* $length: $of) -> Result<Self::$compound, S::Error> {
            let room = self.room;
            room.take(BRACKETS + $around)?;
            room.has($length.bytes())?;
            room.enter()?;
            Ok(Bounded { inner: self.inner.$method($($name,)* $length)?, room })
        }
    )*};
}

impl<'a, S: Serializer> Serializer for Bounded<'a, S> {
    type Ok = S::Ok;
    type Error = S::Error;
    type SerializeSeq = Bounded<'a, S::SerializeSeq>;
    type SerializeTuple = Bounded<'a, S::SerializeTuple>;
    type SerializeTupleStruct = Bounded<'a, S::SerializeTupleStruct>;
    type SerializeTupleVariant = Bounded<'a, S::SerializeTupleVariant>;
    type SerializeMap = Bounded<'a, S::SerializeMap>;
    type SerializeStruct = Bounded<'a, S::SerializeStruct>;
    type SerializeStructVariant = Bounded<'a, S::SerializeStructVariant>;

    scalars! {
        serialize_bool(value: bool) takes 4;
        serialize_i8(value: i8) takes NUMBER;
        serialize_i16(value: i16) takes NUMBER;
        serialize_i32(value: i32) takes NUMBER;
        serialize_i64(value: i64) takes NUMBER;
        serialize_i128(value: i128) takes NUMBER;
        serialize_u8(value: u8) takes NUMBER;
        serialize_u16(value: u16) takes NUMBER;
        serialize_u32(value: u32) takes NUMBER;
        serialize_u64(value: u64) takes NUMBER;
        serialize_u128(value: u128) takes NUMBER;
        serialize_f32(value: f32) takes NUMBER;
        serialize_f64(value: f64) takes NUMBER;
        serialize_char(value: char) takes QUOTES + value.len_utf8();
        serialize_str(value: &str) takes QUOTES + value.len();
        // A list of numbers.
        serialize_bytes(value: &[u8]) takes BRACKETS + value.len().saturating_mul(2);
        serialize_unit_struct(name: &'static str) takes 4;
    }

    compounds! {
        serialize_seq(; length: Option<usize>) -> SerializeSeq after 0;
        serialize_tuple(; length: usize) -> SerializeTuple after 0;
        serialize_tuple_struct(name: &'static str; length: usize) -> SerializeTupleStruct after 0;
        serialize_tuple_variant(name: &'static str, index: u32, variant: &'static str; length: usize)
            -> SerializeTupleVariant after BRACKETS + variant.len();
        serialize_map(; length: Option<usize>) -> SerializeMap after 0;
        serialize_struct(name: &'static str; length: usize) -> SerializeStruct after 0;
        serialize_struct_variant(name: &'static str, index: u32, variant: &'static str; length: usize)
            -> SerializeStructVariant after BRACKETS + variant.len();
    }

    fn collect_str<T: Display + ?Sized>(self, value: &T) -> Result<S::Ok, S::Error> {
        let mut text = Text { text: String::new(), most: self.room.bytes.get() };
        match write!(text, "{value}") {
            Ok(()) => self.serialize_str(&text.text),
            Err(fmt::Error) => Err(self.room.crossed(Crossed::Bytes)),
        }
    }

    fn serialize_unit(self) -> Result<S::Ok, S::Error> {
        self.room.take(4)?;
        self.inner.serialize_unit()
    }

    fn serialize_none(self) -> Result<S::Ok, S::Error> {
        self.room.take(4)?;
        self.inner.serialize_none()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<S::Ok, S::Error> {
        self.inner.serialize_some(&Inside { value, room: self.room })
    }

    fn serialize_unit_variant(self, name: &'static str, index: u32, variant: &'static str) -> Result<S::Ok, S::Error> {
        self.room.take(QUOTES + variant.len())?;
        self.inner.serialize_unit_variant(name, index, variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, name: &'static str, value: &T) -> Result<S::Ok, S::Error> {
        self.inner.serialize_newtype_struct(name, &Inside { value, room: self.room })
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<S::Ok, S::Error> {
        let room = self.room;
        room.take(BRACKETS + QUOTES + variant.len())?;
        room.enter()?;
        let written = self.inner.serialize_newtype_variant(name, index, variant, &Inside { value, room })?;
        room.leave();
        Ok(written)
    }

    fn is_human_readable(&self) -> bool {
        self.inner.is_human_readable()
    }
}

/// The comma is counted with each element, and is a byte.
macro_rules! lists {
    ($($trait:ident::$method:ident)*) => {$(
        impl<S: $trait> $trait for Bounded<'_, S> {
            type Ok = S::Ok;
            type Error = S::Error;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), S::Error> {
                self.room.take(1)?;
                self.inner.$method(&Inside { value, room: self.room })
            }

            fn end(self) -> Result<S::Ok, S::Error> {
                self.room.leave();
                self.inner.end()
            }
        }
    )*};
}

lists! {
    SerializeSeq::serialize_element
    SerializeTuple::serialize_element
    SerializeTupleStruct::serialize_field
    SerializeTupleVariant::serialize_field
}

/// With each name its colon and the comma.
macro_rules! structs {
    ($($trait:ident)*) => {$(
        impl<S: $trait> $trait for Bounded<'_, S> {
            type Ok = S::Ok;
            type Error = S::Error;

            fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), S::Error> {
                self.room.take(QUOTES + key.len() + 2)?;
                self.inner.serialize_field(key, &Inside { value, room: self.room })
            }

            fn skip_field(&mut self, key: &'static str) -> Result<(), S::Error> {
                self.inner.skip_field(key)
            }

            fn end(self) -> Result<S::Ok, S::Error> {
                self.room.leave();
                self.inner.end()
            }
        }
    )*};
}

structs!(SerializeStruct SerializeStructVariant);

impl<S: SerializeMap> SerializeMap for Bounded<'_, S> {
    type Ok = S::Ok;
    type Error = S::Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), S::Error> {
        self.room.take(2)?;
        self.inner.serialize_key(&Inside { value: key, room: self.room })
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), S::Error> {
        self.inner.serialize_value(&Inside { value, room: self.room })
    }

    fn end(self) -> Result<S::Ok, S::Error> {
        self.room.leave();
        self.inner.end()
    }
}

#[cfg(test)]
mod tests;
