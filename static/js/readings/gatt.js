// Bytes of the standard Bluetooth GATT profiles as numbers. Pure: no page, no radio.
// Blood pressure 0x2A35, heart rate 0x2A37, pulse oximeter 0x2A5E (spot check) and 0x2A5F (continuous).
const KPA = 7.500617; // mm[Hg]
const NOT_A_VALUE = new Set([0x07ff, 0x0800, 0x07fe, 0x0802, 0x0801]); // NaN, NRes, +INF, -INF, reserved

// IEEE 11073-20601 SFLOAT: 4 bits of exponent, 12 of mantissa, both signed. null: the sensor has no value.
export function sfloat(view, offset) {
  const raw = view.getUint16(offset, true);
  const bits = raw & 0x0fff;
  if (NOT_A_VALUE.has(bits)) return null;
  const mantissa = bits >= 0x0800 ? bits - 0x1000 : bits;
  const exponent = raw >> 12 >= 8 ? (raw >> 12) - 16 : raw >> 12;
  return exponent < 0 ? mantissa / 10 ** -exponent : mantissa * 10 ** exponent;
}

const whole = (value) => (value === null ? null : Math.round(value));

// {systolic, diastolic, pulse} in mm[Hg] and /min; null for what was not sent.
export function bloodPressure(view) {
  const flags = view.getUint8(0);
  const factor = flags & 1 ? KPA : 1;
  const pressure = (offset) => {
    const value = sfloat(view, offset);
    return value === null ? null : Math.round(value * factor);
  };
  const after = flags & 2 ? 14 : 7; // a time stamp of 7 bytes stands between
  return { systolic: pressure(1), diastolic: pressure(3), pulse: flags & 4 ? whole(sfloat(view, after)) : null };
}

// {pulse} in /min; null while the sensor says that it does not touch the skin.
export function heartRate(view) {
  const flags = view.getUint8(0);
  const off = (flags & 6) === 4; // contact is watched for, and there is none
  const value = flags & 1 ? view.getUint16(1, true) : view.getUint8(1);
  return { pulse: off || value === 0 ? null : value };
}

// {oxygen, pulse} in % and /min, of a spot check or of the continuous stream alike.
export function pulseOximeter(view) {
  return { oxygen: whole(sfloat(view, 1)), pulse: whole(sfloat(view, 3)) };
}

export const PROFILES = [
  { service: 0x1810, characteristic: 0x2a35, read: bloodPressure },
  { service: 0x180d, characteristic: 0x2a37, read: heartRate },
  { service: 0x1822, characteristic: 0x2a5e, read: pulseOximeter },
  { service: 0x1822, characteristic: 0x2a5f, read: pulseOximeter },
];
