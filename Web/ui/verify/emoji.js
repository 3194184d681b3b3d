/**
 * The signs of a code, by number: they look and sound as different as can be. Other clients show the same, so none of
 * them ever takes another place (docs/protocol.md has the list).
 */
export const emoji = /** @type {const} */ ([
  ['🐶', 'dog'], ['🐱', 'cat'], ['🦁', 'lion'], ['🐴', 'horse'], ['🐷', 'pig'], ['🐘', 'elephant'], ['🐰', 'rabbit'], ['🐼', 'panda'],
  ['🐔', 'hen'], ['🐧', 'penguin'], ['🐢', 'turtle'], ['🐟', 'fish'], ['🐙', 'octopus'], ['🦋', 'butterfly'], ['🐝', 'bee'], ['🐌', 'snail'],
  ['🌷', 'tulip'], ['🌳', 'tree'], ['🌵', 'cactus'], ['🍄', 'mushroom'], ['🌍', 'globe'], ['🌙', 'moon'], ['⭐', 'star'], ['🔥', 'fire'],
  ['🌈', 'rainbow'], ['⛄', 'snowman'], ['☔', 'umbrella'], ['🍌', 'banana'], ['🍎', 'apple'], ['🍓', 'strawberry'], ['🌽', 'corn'], ['🍕', 'pizza'],
  ['🎂', 'cake'], ['🍞', 'bread'], ['🧀', 'cheese'], ['🥚', 'egg'], ['🥕', 'carrot'], ['🍒', 'cherries'], ['🍋', 'lemon'], ['☕', 'coffee'],
  ['🤖', 'robot'], ['🎩', 'hat'], ['👓', 'glasses'], ['👑', 'crown'], ['👞', 'shoe'], ['🔧', 'wrench'], ['🔨', 'hammer'], ['🔑', 'key'],
  ['🔔', 'bell'], ['📞', 'telephone'], ['📷', 'camera'], ['💡', 'bulb'], ['📚', 'books'], ['📌', 'pin'], ['🎁', 'gift'], ['⏰', 'clock'],
  ['⌛', 'hourglass'], ['🚲', 'bicycle'], ['🚗', 'car'], ['🚂', 'train'], ['🚀', 'rocket'], ['⚓', 'anchor'], ['🎸', 'guitar'], ['🏆', 'trophy'],
]);
