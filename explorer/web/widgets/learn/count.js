// How many lessons there are, for links that name one: the lessons themselves come with the tab.

export const LESSON_COUNT = 15;
